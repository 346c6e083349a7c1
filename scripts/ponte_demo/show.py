"""Output of a run: progress bars and tables on a terminal, plain lines elsewhere, JSON for programs."""

import json
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

LABELS = {
    "sent": "webhooks that the sandbox sent",
    "accepted": "stored, each event once",
    "duplicates": "answered 200 as duplicates",
    "done": "done",
    "pending": "pending",
    "dead": "dead (given up)",
}
MESSAGES = {
    "sent": "sent by WhatsApp, SMTP, SendGrid and Slack",
    "delivered": "of them delivered, as the services report",
    "received": "received on WhatsApp",
    "unknown": "with an unknown outcome",
    "dead": "dead (given up)",
}


class Show:
    """`as_json`: everything but the result goes to stderr, so that stdout ends in one JSON object."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = Console(file=sys.stderr if as_json else sys.stdout, highlight=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("  {task.description:<14}"), BarColumn(), MofNCompleteColumn(), console=self.console
        )
        self._bars: dict[str, TaskID] = {}
        self._live: Live | None = None

    def say(self, text: str) -> None:
        self.console.print(f"  {text}", markup=False)

    def bars(self, counts: dict[str, list[int]]) -> None:
        """Show each count's progress, on a terminal only."""
        if not self.console.is_terminal:
            return
        if self._live is None:
            self._progress.start()
            self._live = self._progress.live
        for name, (now, whole) in counts.items():
            if name not in self._bars:
                self._bars[name] = self._progress.add_task(name)
            self._progress.update(self._bars[name], completed=now, total=whole or None)

    def end_bars(self) -> None:
        if self._live is not None:
            self._progress.stop()
            self._live = None

    def result(self, figures: dict[str, Any], *, output: TextIO = sys.stdout) -> None:
        """The figures, in full."""
        self.end_bars()
        if self.as_json:
            print(json.dumps(figures), file=output, flush=True)
            return
        for title, rows in _sections(figures).items():
            table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
            table.add_column(justify="right", min_width=8)
            table.add_column()
            for label, value in rows.items():
                table.add_row(value, label)
            self.console.print(table)

    def addresses(self, lines: dict[str, str]) -> None:
        """The addresses to open, and the login. The password is shown only here."""
        self.lines("Everything is running. Press Ctrl-C to stop", lines)

    def lines(self, title: str, lines: Mapping[str, str]) -> None:
        """Lines that a person copies from. No table: it would cut or fold an address, which then opens nothing."""
        self.console.print(f"\n{title}", style="italic")
        width = max(map(len, lines)) + 2
        for label, value in lines.items():
            self.console.print(f"  {label:<{width}}{value}", markup=False)

    def steps(self, steps: list[str]) -> None:
        """What to do next."""
        self.console.print("\nWhat to do next", style="italic")
        for number, step in enumerate(steps, 1):
            self.console.print(f"  {number}. {step}", markup=False)


def _sections(figures: dict[str, Any]) -> dict[str, dict[str, str]]:
    accept, seconds = figures["accept_ms"], figures["seconds"]
    pages = {name.replace("_", " "): str(count) for name, count in (figures.get("pages") or {}).items()}
    sections = {
        "Webhooks": {label: str(figures["webhooks"][name]) for name, label in LABELS.items()},
        "Time to answer a webhook (ms, measured by the sender)": {name: f"{value}" for name, value in accept.items()},
        "Synced": {name: str(count) for name, count in figures["synced"].items()},
        "Messages": {label: str(figures["messages"][name]) for name, label in MESSAGES.items()},
        "Seconds": {
            "from the command to the web server's first answer": str(seconds["ready"]),
            "from connecting the bank to the last of its data": str(seconds["visible"]),
            "from connecting WhatsApp to the last of the messages": str(seconds["messages"]),
        },
    }
    return {**sections, "Pages in Chromium": pages} if pages else sections
