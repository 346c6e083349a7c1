"""What commands print: tables and lines for people, or one JSON document with --json; errors with what to do next."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from plugfn.errors import ConfigurationError, Next, PlugFnError

out = Console()
err = Console(stderr=True)

ADVICE = {
    Next.RETRY: "Try again later.",
    Next.RECONNECT: "Connect the account again: plugfn connect …",
    Next.FIX_CALL: "Change the call: repeating it unchanged does not help.",
    Next.GIVE_UP: "Trying again will not help.",
    Next.CHECK: "Check at the vendor whether it was done before you repeat it.",
}
STATUS = {Next.RETRY: 75, Next.RECONNECT: 77, Next.FIX_CALL: 64, Next.GIVE_UP: 69, Next.CHECK: 74}
"""Exit statuses, as sysexits.h names them: tempfail, noperm, usage, unavailable, ioerr."""
MISCONFIGURED = 78


def document(found: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """A table, or the line `empty` if there are no rows."""
    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*row)
    if shown.row_count:
        out.print(shown)
    else:
        out.print(empty, style="dim")


def revocation(outcome: str) -> str:
    """What a disconnection did at the vendor, and what the user must still do there."""
    if outcome == "revoked":
        return "The vendor revoked the access."
    if outcome == "unsupported":
        return "The vendor still accepts the credentials: change the password, or delete the key or the grant there."
    return f"The vendor did not revoke the access ({outcome}): revoke it at the vendor."


def fail(error: PlugFnError | ConfigurationError, as_json: bool) -> NoReturn:
    """Print what went wrong and what to do, and exit with the matching status."""
    if isinstance(error, ConfigurationError):
        shown, status, advice = {"error": "ConfigurationError", "message": str(error)}, MISCONFIGURED, ""
    else:
        shown, status, advice = error.as_dict(), STATUS[error.next], ADVICE[error.next]
    if as_json:
        document({"error": shown})
    else:
        err.print(f"{shown['error']}: {shown['message']}", style="red", markup=False, highlight=False)
        if advice:
            err.print(advice)
    raise typer.Exit(status)
