"""A webhook that arrives during its item's sync, and a broker that is stopped and wiped with tasks in it.

Real processes, really stopped. Only the waiting is shortened: instead of sitting out a lease, its end is moved.
"""

import subprocess
import sys
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from apps.banking.conftest import BACKEND, CLIENT_ID, CLIENT_SECRET
from apps.banking.models import Connection
from apps.clients.factories import MembershipFactory
from apps.events.accept import Incoming, accept
from apps.events.books import audit, read_books
from apps.events.models import Event, Mailbox
from apps.events.tasks import sweep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(start_worker, bank):
    """Starts a real worker that calls the emulator."""

    def start(**environment):
        pluggy = {"PLUGGY_API_URL": bank.url, "PLUGGY_CLIENT_ID": CLIENT_ID, "PLUGGY_CLIENT_SECRET": CLIENT_SECRET}
        return start_worker(**pluggy, **environment)

    return start


@pytest.fixture
def everything_done(wait_until):
    """Sweeps, as beat does, until no event is pending."""

    def finished() -> bool:
        sweep()
        return not Event.objects.filter(state="pending").exists()

    return lambda: wait_until(finished, 60, "the end of all work")


def deliver(*payloads: dict) -> None:
    from apps.banking.aggregators.mailboxes import mailbox_of
    from apps.banking.aggregators.pluggy.webhooks.notification import read_notification
    from lib.sealed import encode

    for payload in payloads:
        notification = read_notification(encode(payload))
        mailbox = mailbox_of("pluggy", "", notification)
        accept(Incoming("pluggy", notification.event_id, notification.kind, mailbox, encode(payload)))


def expire_leases() -> None:
    """End all leases, and let every mailbox ring again."""
    past = timezone.now() - timedelta(seconds=60)
    Mailbox.objects.update(lease_until=past, rung_at=past)


def fault_has_hit(bank) -> bool:
    """Whether the fault has hit its request."""
    (fault,) = bank.call("GET", "/_sandbox/faults")["faults"]
    return fault["count"] == 0


def test_a_webhook_that_comes_while_its_item_is_syncing_leads_to_one_more_sync(
    bank, worker, wait_until, everything_done, differences
):
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    worker()
    everything_done()
    bank.fault("latency", "GET /v2/transactions", count=1, seconds=3)
    bank.evolve(item, new=2, silent=False)
    updates = bank.events(item, "item/updated")
    deliver(updates[-1])
    sweep()
    wait_until(lambda: fault_has_hit(bank), 30, "the slow call")
    bank.evolve(item, new=3, silent=False)
    during = [event for event in bank.events(item, "item/updated") if event not in updates]
    deliver(*during)
    everything_done()
    assert Event.objects.filter(source="pluggy", kind="item/updated", state="done").count() == 1 + len(during)
    assert differences(item) == {}


@pytest.fixture
def sweep_into(process_environment):
    """Sweeps in a process that publishes into the broker at `url`."""

    def run(url: str) -> None:
        code = "from apps.events.tasks import sweep; sweep()"
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
        subprocess.run(command, env={**process_environment, "REDIS_URL": url}, check=True, timeout=60, cwd=BACKEND)

    return run


def test_a_broker_stopped_and_wiped_with_work_inside_loses_nothing(
    bank, worker, sweep_into, wait_until, differences, start_valkey
):
    broker = start_valkey()
    users = ("user-ok", "user-ok-two-checking-accounts", "user-ok-account-error")
    items = [bank.connect(MembershipFactory(), user=user) for user in users]
    try:
        for item in items:
            deliver(*bank.events(item, "item/created"))
        sweep_into(broker.url())
        assert redis.Redis.from_url(broker.url()).llen("sync") == len(items)
        broker.stop()
        for item in items:
            deliver(*bank.events(item, "item/login_succeeded"))
        assert Event.objects.filter(state="pending").count() == 2 * len(items)

        broker = start_valkey()
        assert redis.Redis.from_url(broker.url()).llen("sync") == 0
        expire_leases()
        worker(REDIS_URL=broker.url())
        sweep_into(broker.url())
        wait_until(lambda: not Event.objects.filter(state="pending").exists(), 60, "the end of all work")
    finally:
        broker.stop()
    assert Connection.objects.count() == len(items)
    assert all(differences(item) == {} for item in items)
    assert read_books().balanced
    assert audit() == {}
