"""The part of `scripts/bench sync` that knows the product: connects a bank, syncs it, and measures the writing.

`bench_sync_inside.py ROWS ROUNDS WORKER_PID` prints one JSON object, last on stdout.
"""

import json
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import django

django.setup()

import psycopg
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections
from psycopg import sql
from redis import Redis

from apps.banking.aggregators.pluggy import application
from apps.banking.models import Account, Connection, SyncRun, Transaction
from apps.banking.sync import reconcile
from apps.clients.models import Client, Membership
from apps.events.accept import Incoming, accept
from apps.events.models import Event
from bench_writes import Writes
from lib.row_security import for_system

PATIENCE_SECONDS = 300
PRODUCTS = ("account", "transaction", "creditcardbill", "investment", "investmenttransaction", "loan", "identity")


@for_system("scripts")
def main() -> None:
    rows, rounds, worker = map(int, sys.argv[1:])
    start_empty()
    item, big = connect(rows)
    first = timed(lambda: tell(item), lambda: synced(item, 1))
    account = Account.objects.get(vendor_id=big)
    stored = Transaction.objects.filter(account=account).count()
    if stored != rows:
        sys.exit(f"bench: {stored} of {rows} transactions arrived: see .local/bench-worker.log")
    before = versions()
    forget_budget()
    connection = Connection.objects.get(vendor_id=item)
    again = timed(lambda: reconcile.request(connection, full=True), lambda: synced(item, 2))
    figures = {
        "rows": rows,
        "end_to_end_rows_per_s": round(rows / first),
        "end_to_end_repeat_rows_per_s": round(rows / again),
        "noop_rows_written": len(before ^ versions()),
        "peak_rss_mb": peak_rss_mb(worker),
    }
    forget_budget()
    print(json.dumps({**figures, **Writes(account, application.from_settings()[0].calls(), rounds).figures()}))


def forget_budget() -> None:
    """Refill the budget of calls: one listing takes most of a minute's, and the next must not wait."""
    Redis.from_url(settings.REDIS_URL).flushdb()


def start_empty() -> None:
    tables = ["clients_client", "events_event", "events_mailbox", "events_tally", "auth_user"]
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
    connections["owner"].close()


def connect(rows: int) -> tuple[str, str]:
    """Connect a bank. Returns (item, its account with that many transactions). Nothing is stored here yet."""
    member = Membership.objects.create(
        client=Client.objects.create(name="Bench"), user=get_user_model().objects.create(username="bench")
    )
    bank = application.from_settings()[0].calls()
    credentials = {"user": f"user-ok-perf-{rows // 100}x", "password": "password-ok"}
    item = bank.create_item(2, credentials, client_user_id=str(member.pk))["id"]
    wait(lambda: bank.item(item)["status"] == "UPDATED")
    accounts = [account for page in bank.accounts(item) for account in page]
    return item, next(account["id"] for account in accounts if account["type"] == "BANK")


def tell(item: str) -> None:
    """Accept an event, as the webhook's view does."""
    event = {"event": "item/created", "eventId": str(uuid.uuid4()), "itemId": item}
    payload = json.dumps(event).encode()
    accept(Incoming("pluggy", event["eventId"], event["event"], f"pluggy:item:{item}", payload))


def synced(item: str, runs: int) -> bool:
    if dead := Event.objects.filter(state=Event.State.DEAD).first():
        sys.exit(f"bench: {dead.kind} is dead: {dead.error_code}: see .local/bench-worker.log")
    ended = SyncRun.objects.filter(connection__vendor_id=item, finished_at__isnull=False).count()
    return ended >= runs and not Event.objects.filter(state=Event.State.PENDING, mailbox=f"pluggy:item:{item}").exists()


def timed(start: Callable[[], None], done: Callable[[], bool]) -> float:
    """Seconds from `start` until `done`."""
    began = time.perf_counter()
    start()
    wait(done)
    return time.perf_counter() - began


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"bench: not done within {PATIENCE_SECONDS} s: see .local/bench-worker.log")
        time.sleep(0.02)


def versions() -> set[tuple[int, str, str]]:
    """Every product row with the database transaction that wrote it last."""
    parameters = connections["owner"].get_connection_params()
    with psycopg.connect(**parameters) as database:
        found = set()
        for name in PRODUCTS:
            table = sql.Identifier(f"banking_{name}")
            found |= set(database.execute(sql.SQL("SELECT tableoid, ctid::text, xmin::text FROM {}").format(table)))
    return found


def peak_rss_mb(worker: int) -> int:
    """The largest resident size that the worker, or a process of its pool, ever had."""
    children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
    sizes = []
    for pid in (str(worker), *children):
        status = Path(f"/proc/{pid}/status").read_text()
        sizes.append(int(status.partition("VmHWM:")[2].split()[0]))
    return round(max(sizes) / 1024)


if __name__ == "__main__":
    main()
