"""A sync may be cut off anywhere: the next run finishes it, and what was committed is announced exactly once."""

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
    """As SIGKILL: nothing in its way is asked."""


class Scissors:
    """Cuts the k-th fenced transaction off, just before its commit."""

    def __init__(self, monkeypatch, error: type[BaseException]) -> None:
        self.error, self.at, self.seen = error, 0, 0
        whole = Lease.write

        @contextmanager
        def write(lease: Lease) -> Iterator[None]:
            self.seen += 1
            with whole(lease):
                yield
                if self.seen == self.at:
                    raise self.error

        monkeypatch.setattr(Lease, "write", write)

    def set(self, at: int) -> None:
        self.at, self.seen = at, 0


def leases_run_out() -> None:
    with database.cursor() as cursor:
        cursor.execute("UPDATE events_mailbox SET lease_until = to_timestamp(0)")


def announced(connection: Connection) -> dict[str, int]:
    found = {"created": 0, "changed": 0, "removed": 0}
    for event in Event.objects.filter(kind="transactions.synced", mailbox=f"connection:{connection.pk}"):
        for name in found:
            found[name] += event.data[name]
    return found


def test_a_worker_killed_at_any_write_of_a_first_sync_loses_and_repeats_nothing(
    bank, deliver, work, differences, fresh_budget, monkeypatch
):
    scissors = Scissors(monkeypatch, Killed)

    def story() -> None:
        fresh_budget()
        item = bank.connect(MembershipFactory())
        deliver(*bank.events(item, "item/created"))
        try:
            work()
        except Killed:
            leases_run_out()
            work()
        connection = Connection.objects.get(vendor_id=item)
        assert differences(item) == {}
        total = Transaction.objects.filter(account__connection=connection).count()
        assert announced(connection) == {"created": total, "changed": 0, "removed": 0}
        assert not connection.sync_runs.filter(state="running").exists()

    scissors.set(0)
    story()
    places = scissors.seen
    assert places > 10
    for at in range(1, places + 1):
        scissors.set(at)
        story()


def test_a_comparison_killed_at_any_write_announces_what_it_took_away_once(
    bank, deliver, work, differences, fresh_budget, monkeypatch
):
    scissors = Scissors(monkeypatch, Killed)
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    work()
    connection = Connection.objects.get(vendor_id=item)
    for at in range(1, 12):
        fresh_budget()
        bank.evolve(item, silent=True, new=4, delete=3, update=1)
        before = announced(connection)
        reconcile.ask(connection)
        scissors.set(at)
        try:
            work()
        except Killed:
            leases_run_out()
            work()
        assert differences(item) == {}
        after = announced(connection)
        gained = {name: after[name] - before[name] for name in after}
        # Two accounts have such a day each.
        assert (gained["created"], gained["removed"]) == (8, 6)


def test_a_worker_that_lost_its_lease_writes_nothing_more(bank, deliver, work, differences, monkeypatch):
    scissors = Scissors(monkeypatch, LeaseLost)
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    scissors.set(4)
    with pytest.raises(AssertionError, match="does not empty"):
        # Its lease is lost, but nobody else works here: the event stays pending, the mailbox leased.
        work()
    assert SyncRun.objects.filter(state="running").count() == 1
    leases_run_out()
    scissors.set(0)
    work()
    assert differences(item) == {}
    assert SyncRun.objects.filter(state="failed", error_code="INTERRUPTED").count() == 1
    assert not SyncRun.objects.filter(state="running").exists()


@pytest.fixture
def impatient(monkeypatch):
    """The client gives an answer half a second, so that one which never comes costs no more."""
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
    kind, endpoint, bank, deliver, work, wait_out, differences
):
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    bank.fault(kind, endpoint, count=1, status=503, seconds=2)
    work()
    failed = SyncRun.objects.get()
    assert failed.state == "failed"
    assert failed.error_type
    # Of two accounts only the first one's list failed; without accounts there is nothing to ask for.
    assert Transaction.objects.exists() == (endpoint != "GET /accounts")
    assert Loan.objects.exists() == (endpoint != "GET /loans")
    wait_out()
    work()
    assert differences(item) == {}
    assert not Event.objects.exclude(state="done").exists()


def test_a_pause_that_pluggy_asked_for_is_kept_and_waiting_for_it_is_no_attempt(bank, deliver, work, wait_out):
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    bank.fault("429", "GET /accounts", count=1, retry_after=300)
    work()
    event = Event.objects.get(kind="item/created")
    assert (event.state, event.attempts) == ("pending", 1)
    wait_out()
    work()
    event.refresh_from_db()
    assert (event.state, event.outcome, event.attempts) == ("pending", "throttled", 1)
    assert bank.calls()["GET /accounts"] == 1


def test_what_arrives_during_a_sync_leads_to_one_more_run_never_to_none_and_never_to_two(
    bank, deliver, work, differences, monkeypatch
):
    item = bank.connect(MembershipFactory())
    created = bank.events(item, "item/created")[0]
    deliver(created)
    whole = Lease.write
    seen = []

    @contextmanager
    def write(lease: Lease) -> Iterator[None]:
        with whole(lease):
            yield
        seen.append(1)
        if len(seen) == 6:
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
