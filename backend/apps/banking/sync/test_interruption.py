"""A sync can be interrupted anywhere: the next run finishes it, and each committed change is announced once."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection as database

from apps.banking.aggregators.pluggy import application
from apps.banking.aggregators.pluggy.client import client
from apps.banking.models import Connection, Loan, SyncRun, Transaction
from apps.banking.sync import reconcile
from apps.clients.factories import MembershipFactory
from apps.events.lease import Lease, LeaseLost
from apps.events.models import Event
from lib.http import JsonClient

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Like SIGKILL: no handler of the code can catch it."""


class Interruption:
    """Interrupts the k-th fenced transaction just before its commit."""

    def __init__(self, monkeypatch, error: type[BaseException]) -> None:
        self.error, self.at, self.writes = error, 0, 0
        original = Lease.write

        @contextmanager
        def write(lease: Lease) -> Iterator[None]:
            self.writes += 1
            with original(lease):
                yield
                if self.writes == self.at:
                    raise self.error

        monkeypatch.setattr(Lease, "write", write)

    def set(self, at: int) -> None:
        self.at, self.writes = at, 0


def expire_leases() -> None:
    with database.cursor() as cursor:
        cursor.execute("UPDATE events_mailbox SET lease_until = to_timestamp(0)")


def announced(connection: Connection) -> dict[str, int]:
    totals = {"created": 0, "changed": 0, "removed": 0}
    for event in Event.objects.filter(kind="transactions.synced", mailbox=f"connection:{connection.pk}"):
        for name in totals:
            totals[name] += event.data[name]
    return totals


def test_a_worker_killed_at_any_write_of_a_first_sync_loses_and_repeats_nothing(
    bank, deliver, work, differences, fresh_budget, monkeypatch
):
    interruption = Interruption(monkeypatch, Killed)

    def story() -> None:
        fresh_budget()
        item = bank.connect(MembershipFactory())
        deliver(*bank.events(item, "item/created"))
        try:
            work()
        except Killed:
            expire_leases()
            work()
        connection = Connection.objects.get(vendor_id=item)
        assert differences(item) == {}
        total = Transaction.objects.filter(account__connection=connection).count()
        assert announced(connection) == {"created": total, "changed": 0, "removed": 0}
        assert not connection.sync_runs.filter(state="running").exists()

    interruption.set(0)
    story()
    places = interruption.writes
    assert places > 10
    for at in range(1, places + 1):
        interruption.set(at)
        story()


def test_a_comparison_killed_at_any_write_announces_each_tombstone_once(
    bank, deliver, work, differences, fresh_budget, monkeypatch
):
    interruption = Interruption(monkeypatch, Killed)
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    work()
    connection = Connection.objects.get(vendor_id=item)
    for at in range(1, 12):
        fresh_budget()
        bank.evolve(item, silent=True, new=4, delete=3, update=1)
        before = announced(connection)
        reconcile.request(connection)
        interruption.set(at)
        try:
            work()
        except Killed:
            expire_leases()
            work()
        assert differences(item) == {}
        after = announced(connection)
        gained = {name: after[name] - before[name] for name in after}
        # Two accounts have such a day each.
        assert (gained["created"], gained["removed"]) == (8, 6)


def test_a_worker_that_lost_its_lease_writes_nothing_more(bank, deliver, work, differences, monkeypatch):
    interruption = Interruption(monkeypatch, LeaseLost)
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    interruption.set(4)
    with pytest.raises(AssertionError, match="does not empty"):
        # The lease is lost, but no other worker is here: the event stays pending and the mailbox leased.
        work()
    assert SyncRun.objects.filter(state="running").count() == 1
    expire_leases()
    interruption.set(0)
    work()
    assert differences(item) == {}
    assert SyncRun.objects.filter(state="failed", error_code="INTERRUPTED").count() == 1
    assert not SyncRun.objects.filter(state="running").exists()


@pytest.fixture
def impatient(monkeypatch):
    """The client waits half a second for an answer, so a hanging server costs no more than that."""
    monkeypatch.setattr(client, "JsonClient", partial(JsonClient, read_seconds=0.5))
    application._client.cache_clear()
    yield
    application._client.cache_clear()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("kind", ["500", "502", "truncate", "reset", "error", "hang"])
@pytest.mark.parametrize(
    "endpoint",
    ["GET /accounts", "GET /v2/transactions", "GET /bills", "GET /investments", "GET /loans", "GET /identity"],
)
def test_the_failure_of_one_call_costs_one_more_run_and_not_the_other_products(
    kind, endpoint, bank, deliver, work, make_all_due, differences
):
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    bank.fault(kind, endpoint, count=1, status=503, seconds=2)
    work()
    failed = SyncRun.objects.get()
    assert failed.state == "failed"
    assert failed.error_type
    # Only the list of the first of two accounts failed; without accounts there is nothing to list.
    assert Transaction.objects.exists() == (endpoint != "GET /accounts")
    assert Loan.objects.exists() == (endpoint != "GET /loans")
    make_all_due()
    work()
    assert differences(item) == {}
    assert not Event.objects.exclude(state="done").exists()


def test_a_pause_that_pluggy_requests_is_respected_and_costs_no_attempt(bank, deliver, work, make_all_due):
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    bank.fault("429", "GET /accounts", count=1, retry_after=300)
    work()
    event = Event.objects.get(kind="item/created")
    assert (event.state, event.attempts) == ("pending", 1)
    make_all_due()
    work()
    event.refresh_from_db()
    assert (event.state, event.outcome, event.attempts) == ("pending", "throttled", 1)
    assert bank.calls()["GET /accounts"] == 1


def test_events_that_arrive_during_a_sync_lead_to_exactly_one_more_run(bank, deliver, work, differences, monkeypatch):
    item = bank.connect(MembershipFactory())
    created = bank.events(item, "item/created")[0]
    deliver(created)
    whole = Lease.write
    calls = []

    @contextmanager
    def write(lease: Lease) -> Iterator[None]:
        with whole(lease):
            yield
        calls.append(1)
        if len(calls) == 6:
            bank.evolve(item, silent=True, new=2)
            deliver(*[{**created, "event": "item/updated", "eventId": f"e{n}"} for n in range(5)])

    monkeypatch.setattr(Lease, "write", write)
    assert work() == 2
    assert list(SyncRun.objects.order_by("pk").values_list("cause", "state")) == [
        ("item/created", "done"),
        ("item/updated", "done"),
    ]
    assert Event.objects.filter(kind="item/updated", state="done", outcome="synced").count() == 5
    assert differences(item) == {}
