"""Real workers on a real broker: one is killed, one is frozen past its lease, and one reads a big account."""

import contextlib
import os
import signal
from pathlib import Path

import pytest
from django.db import connection as database
from django.db.models import Sum
from django.utils import timezone

from apps.banking.conftest import CLIENT_ID, CLIENT_SECRET
from apps.banking.models import Connection, SyncRun, Transaction
from apps.clients.factories import MembershipFactory
from apps.events import ring
from apps.events.models import Event, Tally

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 20_000
MEGABYTE = 1024


@pytest.fixture
def start_sync_worker(bank, start_worker):
    """A worker that syncs with this test's bank in one process."""

    def start():
        settings = {"PLUGGY_CLIENT_ID": CLIENT_ID, "PLUGGY_CLIENT_SECRET": CLIENT_SECRET}
        return start_worker(concurrency=1, PLUGGY_API_URL=bank.url, **settings)

    return start


@pytest.fixture
def big_item(bank, deliver):
    """An item with one big account and a delivered webhook, at a bank so slow that the sync can be interrupted."""
    item = bank.connect(MembershipFactory(), user=f"user-ok-perf-{ROWS // 100}x")
    bank.fault("latency", "GET /v2/transactions", seconds=0.1)
    deliver(*bank.events(item, "item/created"))
    return item


def time_passes() -> None:
    """Let leases and bells expire, and run the sweep."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE events_mailbox SET lease_until = to_timestamp(0), rung_at = to_timestamp(0)")
    ring.ring()


def is_halfway() -> bool:
    return 0 < Transaction.objects.count() < ROWS


def is_synced() -> bool:
    return Event.objects.filter(kind="item/created", state="done").exists()


def announced() -> int:
    return sum(event.data["created"] for event in Event.objects.filter(kind="transactions.synced"))


def peak_megabytes(worker) -> int:
    """The peak memory of the worker's processes."""
    peaks = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            if os.getsid(int(status.parent.name)) == worker.pid:
                line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
                peaks.append(int(line.split()[1]) // MEGABYTE)
    return max(peaks)


def assert_books_are_right() -> None:
    books = Tally.objects.aggregate(accepted=Sum("accepted"), done=Sum("done"), purged=Sum("purged"))
    assert books["accepted"] == Event.objects.count()
    assert books["done"] == Event.objects.filter(state="done").count()


def test_a_worker_killed_in_the_middle_loses_nothing(big_item, start_sync_worker, wait_until, differences):
    victim = start_sync_worker()
    time_passes()
    wait_until(is_halfway, 30, "the middle of the sync")
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait(10)
    assert is_halfway()
    heir = start_sync_worker()
    time_passes()
    wait_until(is_synced, 60, "the sync")
    assert differences(big_item) == {}
    assert list(SyncRun.objects.order_by("pk").values_list("state", "error_code")) == [
        ("failed", "INTERRUPTED"),
        ("done", ""),
    ]
    assert announced() == ROWS
    assert Event.objects.get(kind="item/created").attempts == 2
    assert_books_are_right()
    assert peak_megabytes(heir) < 300


def test_a_worker_frozen_past_its_lease_writes_nothing_when_it_wakes(
    big_item, start_sync_worker, wait_until, differences
):
    frozen = start_sync_worker()
    time_passes()
    wait_until(is_halfway, 30, "the middle of the sync")
    os.killpg(frozen.pid, signal.SIGSTOP)
    start_sync_worker()
    time_passes()
    wait_until(is_synced, 60, "the sync")
    before = list(SyncRun.objects.order_by("pk").values())
    moment = timezone.now()
    os.killpg(frozen.pid, signal.SIGCONT)
    wait_until(lambda: b"was taken over" in frozen.log.read_bytes(), 30, "the frozen worker's refusal")
    assert list(SyncRun.objects.order_by("pk").values()) == before
    assert not Transaction.objects.filter(updated_at__gt=moment).exists()
    assert Connection.objects.get().state == "active"
    assert announced() == ROWS
    assert differences(big_item) == {}
    assert_books_are_right()
