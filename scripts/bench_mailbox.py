"""`scripts/bench mailbox`: the cost of ringing, claiming and finishing beside millions of finished events."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import django
import psycopg
from django.db import connection
from rich.console import Console
from rich.table import Table

import embedded

ROOT = Path(__file__).resolve().parent.parent
PENDING = 2_000
RUNS = 300
FILL = """
    INSERT INTO events_event (source, event_id, kind, mailbox, payload, state, outcome, attempts, error_type,
        error_code, depth, finished_at)
    SELECT 'bench', n::text, 'item/updated', 'pluggy:item:' || n %% 100000, '\\x00', 'done', 'synced', 1, '',
        '', 0, now()
    FROM generate_series(%s::int, %s::int) n
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench mailbox", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")
    parser.add_argument("--finished", type=int, default=1_000_000, help="finished events (default 1,000,000)")
    options = parser.parse_args()
    with ExitStack() as stack:
        urls = stack.enter_context(embedded.servers(ROOT / ".local" / "bench-mailbox"))
        prepare(urls)
        figures = {}
        for finished in (0, options.finished):
            with psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True) as database:
                fill(database, finished)
            figures[f"{finished:,} finished"] = measure()
    show(figures)
    if options.json:
        print(json.dumps(figures))


def prepare(urls: dict[str, str]) -> None:
    known = dict(line.split("=", 1) for line in (ROOT / ".local" / "env").read_text().splitlines() if "=" in line)
    os.environ.update({**known, **urls, "DJANGO_SETTINGS_MODULE": "core.settings", "LOG_LEVEL": "ERROR"})
    migrate = [sys.executable, "backend/manage.py", "migrate", "--noinput", "--database", "owner", "-v", "0"]
    subprocess.run(migrate, cwd=ROOT, check=True)
    django.setup()


def fill(database: psycopg.Connection, finished: int) -> None:
    database.execute("TRUNCATE events_event, events_mailbox, events_tally, events_replay RESTART IDENTITY")
    step = 500_000
    for start in range(1, finished + 1, step):
        database.execute(FILL, [start, min(start + step - 1, finished)])
        print(f"\r{min(start + step - 1, finished):,} finished events", end="", file=sys.stderr)
    database.execute("VACUUM ANALYZE events_event")


def measure() -> dict[str, float]:
    """The median milliseconds of each step while PENDING mailboxes wait."""
    # Imported here: the models need the settings that prepare() makes.
    from apps.events import ring  # noqa: PLC0415
    from apps.events.accept import Incoming, accept  # noqa: PLC0415
    from apps.events.work import process  # noqa: PLC0415

    def put(number: int) -> None:
        box = f"pluggy:item:{number}"
        accept(Incoming("fresh", str(number), "item/updated", box, b'{"event": "item/updated"}'))

    def work(number: int) -> None:
        process(f"pluggy:item:{number}", "item/updated", lambda batch: "synced")

    accepted = middle(put, PENDING)
    found = middle(lambda _: ring._stamp_due(), 9, before=unring)
    return {"accept_ms": accepted, "find_500_due_ms": found, "claim_work_finish_ms": middle(work, RUNS)}


def unring() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE events_mailbox SET rung_at = to_timestamp(0)")


def middle(act: Callable[[int], object], times: int, before: Callable[[], None] = lambda: None) -> float:
    taken = []
    for number in range(times):
        before()
        start = time.perf_counter()
        act(number)
        taken.append(time.perf_counter() - start)
    return round(1000 * sorted(taken)[len(taken) // 2], 2)


def show(figures: dict[str, dict[str, float]]) -> None:
    table = Table(title=f"One thread, {PENDING:,} mailboxes waiting, milliseconds (median)")
    table.add_column("step")
    for name in figures:
        table.add_column(name, justify="right")
    for step in next(iter(figures.values())):
        table.add_row(step, *(f"{figures[name][step]:,.2f}" for name in figures))
    Console(stderr=True).print(table)


if __name__ == "__main__":
    main()
