"""Comparing connections with the aggregator: who is due, in which order, at what cost."""

from datetime import timedelta

import pytest
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


def test_those_that_wait_longest_come_first_and_nobody_twice_within_the_hour():
    never = ConnectionFactory(last_reconciled_at=None)
    long_ago = ConnectionFactory(last_reconciled_at=ago(hours=5))
    ConnectionFactory(last_reconciled_at=ago(minutes=50))
    ConnectionFactory(last_reconciled_at=ago(days=9), state="deleted", deleted_at=ago(days=9))
    assert reconcile.ask_due() == 2
    assert waiting() == [f"pluggy:item:{never.vendor_id}", f"pluggy:item:{long_ago.vendor_id}"]
    assert reconcile.ask_due() == 0
    assert Event.objects.filter(client=never.client, state="pending").count() == 1


def test_no_more_are_asked_for_than_wait_at_most(monkeypatch):
    monkeypatch.setattr(reconcile, "AT_ONCE", 3)
    ConnectionFactory.create_batch(5)
    assert reconcile.ask_due() == 3
    assert reconcile.ask_due() == 0
    Event.objects.filter(state="pending").update(state="done", finished_at=timezone.now())
    assert reconcile.ask_due() == 2


def test_one_that_waits_in_its_mailbox_is_not_asked_for_again():
    connection = ConnectionFactory(last_reconciled_at=None)
    reconcile.ask_due()
    Connection.objects.update(last_reconciled_at=ago(hours=2))
    reconcile.ask_due()
    assert len(waiting()) == 1
    connection.refresh_from_db()
    assert connection.last_reconciled_at > ago(minutes=1)


def test_an_item_that_seemed_gone_returns_by_itself(bank, work, differences, settings):
    item = bank.connect(MembershipFactory())
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    reconcile.ask(connection)
    work()
    # As another application's credentials would have it.
    Connection.objects.filter(pk=connection.pk).update(vendor_id="44444444-4444-4444-8444-444444444444")
    connection.refresh_from_db()
    reconcile.ask(connection)
    work()
    connection.refresh_from_db()
    assert connection.state == "deleted"
    Connection.objects.filter(pk=connection.pk).update(
        vendor_id=item, extra_sealed=None, last_reconciled_at=ago(hours=25)
    )
    assert reconcile.ask_due() == 1
    work()
    connection.refresh_from_db()
    assert (connection.state, connection.deleted_at) == ("active", None)
    assert differences(item) == {}


def test_the_loss_of_every_webhook_is_healed_by_one_comparison(bank, work, differences):
    item = bank.connect(MembershipFactory())
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    reconcile.ask_due()
    work()
    assert differences(item) == {}
    connection.refresh_from_db()
    assert connection.state == "active"
    assert connection.listed_at
    bank.evolve(item, silent=True, new=3, delete=2, update=2, reissue=1, new_bill=True, invest=1)
    reconcile.ask(connection)
    work()
    assert differences(item) == {}


def test_data_that_came_before_a_failure_nobody_told_of_are_read_all_the_same(bank, work, differences):
    item = bank.connect(MembershipFactory())
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    bank.fail(item, "INVALID_CREDENTIALS")
    reconcile.ask(connection)
    work()
    connection.refresh_from_db()
    assert (connection.state, connection.action) == ("needs_user", "reconnect")
    assert differences(item) == {}


def test_a_listing_is_made_once_a_day_even_if_nothing_moved(bank, work):
    item = bank.connect(MembershipFactory())
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    reconcile.ask(connection)
    work()
    runs = SyncRun.objects.count()
    reconcile.ask(connection)
    work()
    assert SyncRun.objects.count() == runs
    Connection.objects.update(listed_at=ago(hours=25))
    reconcile.ask(connection)
    work()
    assert SyncRun.objects.count() == runs + 1
    reconcile.ask(connection, full=True)
    work()
    assert SyncRun.objects.count() == runs + 2


def test_an_item_deleted_behind_our_back_is_found_out(bank, work):
    item = bank.connect(MembershipFactory())
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    reconcile.ask(connection)
    work()
    bank.delete(item)
    reconcile.ask(connection)
    work()
    connection.refresh_from_db()
    assert connection.state == "deleted"
    assert Event.objects.filter(kind="connection.deleted").count() == 1


def test_a_run_under_way_is_left_to_its_own_webhook(bank, work):
    item = bank.connect(MembershipFactory(), connector=5)
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    reconcile.ask(connection)
    work()
    connection.refresh_from_db()
    assert connection.state == "needs_user"
    assert not SyncRun.objects.exists()
