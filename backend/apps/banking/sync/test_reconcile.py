"""Ponte compares connections with the aggregator: which are due, in which order, at what cost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from apps.banking.factories import ConnectionFactory
from apps.banking.models import Connection, SyncRun
from apps.banking.sync import reconcile
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db


def waiting() -> list[str]:
    return list(Event.objects.filter(kind="connection.reconcile").order_by("pk").values_list("mailbox", flat=True))


def ago(**of) -> object:
    return timezone.now() - timedelta(**of)


def test_the_longest_waiting_connections_come_first_and_none_twice_within_an_hour():
    never = ConnectionFactory(last_reconciled_at=None)
    long_ago = ConnectionFactory(last_reconciled_at=ago(hours=5))
    ConnectionFactory(last_reconciled_at=ago(minutes=50))
    ConnectionFactory(last_reconciled_at=ago(days=9), state="deleted", deleted_at=ago(days=9))
    assert reconcile.request_due() == 2
    assert waiting() == [f"pluggy:item:{never.vendor_id}", f"pluggy:item:{long_ago.vendor_id}"]
    assert reconcile.request_due() == 0
    assert Event.objects.filter(client=never.client, state="pending").count() == 1


def test_at_most_the_limit_of_requests_is_pending(monkeypatch):
    monkeypatch.setattr(reconcile, "PENDING_LIMIT", 3)
    ConnectionFactory.create_batch(5)
    assert reconcile.request_due() == 3
    assert reconcile.request_due() == 0
    Event.objects.filter(state="pending").update(state="done", finished_at=timezone.now())
    assert reconcile.request_due() == 2


def test_a_connection_with_a_pending_request_is_not_requested_again():
    connection = ConnectionFactory(last_reconciled_at=None)
    reconcile.request_due()
    Connection.objects.update(last_reconciled_at=ago(hours=2))
    reconcile.request_due()
    assert len(waiting()) == 1
    connection.refresh_from_db()
    assert connection.last_reconciled_at > ago(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_request_each_comparison_once_and_do_not_wait_for_each_other():
    ConnectionFactory.create_batch(3, last_reconciled_at=None)

    def second() -> int:
        try:
            with database.cursor() as cursor:
                cursor.execute("SET lock_timeout = '3s'")
            return reconcile.request_due()
        finally:
            database.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        assert reconcile.request_due() == 3
        assert pool.submit(second).result(30) == 0
    assert len(waiting()) == 3


def test_a_comparison_revives_an_item_that_seemed_gone(bank, work, differences, settings):
    item = bank.connect(MembershipFactory())
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    reconcile.request(connection)
    work()
    # With another application's credentials, every item looks gone.
    Connection.objects.filter(pk=connection.pk).update(vendor_id="44444444-4444-4444-8444-444444444444")
    connection.refresh_from_db()
    reconcile.request(connection)
    work()
    connection.refresh_from_db()
    assert connection.state == "deleted"
    Connection.objects.filter(pk=connection.pk).update(
        vendor_id=item, extra_sealed=None, last_reconciled_at=ago(hours=25)
    )
    assert reconcile.request_due() == 1
    work()
    connection.refresh_from_db()
    assert (connection.state, connection.deleted_at) == ("active", None)
    assert differences(item) == {}


def test_one_comparison_repairs_the_loss_of_every_webhook(bank, work, differences):
    item = bank.connect(MembershipFactory())
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    reconcile.request_due()
    work()
    assert differences(item) == {}
    connection.refresh_from_db()
    assert connection.state == "active"
    assert connection.listed_at
    bank.evolve(item, silent=True, new=3, delete=2, update=2, reissue=1, new_bill=True, invest=1)
    reconcile.request(connection)
    work()
    assert differences(item) == {}


def test_data_from_before_an_unreported_failure_is_still_read(bank, work, differences):
    item = bank.connect(MembershipFactory())
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    bank.fail(item, "INVALID_CREDENTIALS")
    reconcile.request(connection)
    work()
    connection.refresh_from_db()
    assert (connection.state, connection.action) == ("needs_user", "reconnect")
    assert differences(item) == {}


def test_everything_is_listed_once_a_day_even_if_nothing_changed(bank, work):
    item = bank.connect(MembershipFactory())
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    reconcile.request(connection)
    work()
    runs = SyncRun.objects.count()
    reconcile.request(connection)
    work()
    assert SyncRun.objects.count() == runs
    Connection.objects.update(listed_at=ago(hours=25))
    reconcile.request(connection)
    work()
    assert SyncRun.objects.count() == runs + 1
    reconcile.request(connection, full=True)
    work()
    assert SyncRun.objects.count() == runs + 2


def test_a_comparison_finds_an_item_that_was_deleted_without_a_webhook(bank, work):
    item = bank.connect(MembershipFactory())
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    reconcile.request(connection)
    work()
    bank.delete(item)
    reconcile.request(connection)
    work()
    connection.refresh_from_db()
    assert connection.state == "deleted"
    assert Event.objects.filter(kind="connection.deleted").count() == 1


def test_a_comparison_leaves_a_run_in_progress_to_its_webhook(bank, work):
    item = bank.connect(MembershipFactory(), connector=5)
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    reconcile.request(connection)
    work()
    connection.refresh_from_db()
    assert connection.state == "needs_user"
    assert not SyncRun.objects.exists()
