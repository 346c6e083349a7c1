"""What staff do with a connection: a paused one costs no call, and misses nothing once it is resumed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.banking.factories import ConnectionFactory
from apps.banking.models import Connection, SyncRun
from apps.banking.sync import pause, poll, reconcile
from apps.events.models import Event

pytestmark = pytest.mark.django_db


def the(item: str) -> Connection:
    return Connection.objects.get(vendor_id=item)


def test_webhooks_of_a_paused_connection_are_stored_and_finish_without_a_call(bank, connected, deliver, work):
    assert pause.pause(the(connected))
    before = {event["eventId"] for event in bank.events(connected)}
    bank.evolve(connected)
    calls, runs = bank.calls(), SyncRun.objects.count()
    new = [event for event in bank.events(connected) if event["eventId"] not in before]
    deliver(*new)
    work()
    assert new
    assert set(Event.objects.filter(event_id__in=[e["eventId"] for e in new]).values_list("outcome", flat=True)) == {
        "paused"
    }
    assert (bank.calls(), SyncRun.objects.count()) == (calls, runs)


def test_a_resumed_connection_reads_all_that_it_missed(bank, connected, work, differences):
    pause.pause(the(connected))
    bank.evolve(connected, new=2, silent=True)
    assert differences(connected)
    assert pause.resume(the(connected))
    work()
    assert differences(connected) == {}


def test_no_comparison_no_look_and_no_sync_is_asked_for_a_paused_connection(settings):
    settings.PUBLIC_URL = ""
    long_ago = timezone.now() - timedelta(days=2)
    row = ConnectionFactory(last_reconciled_at=long_ago, last_polled_at=long_ago)
    pause.pause(row)
    row.refresh_from_db()
    assert reconcile.request_due() == 0
    assert poll._next() is None
    assert not pause.sync_now(row)
    assert not pause.compare(row)
    assert not Event.objects.exists()
    pause.resume(row)
    assert Event.objects.get().kind == reconcile.KIND


def test_pausing_and_resuming_twice_changes_nothing():
    row = ConnectionFactory()
    assert [pause.pause(row), pause.pause(row)] == [True, False]
    assert [pause.resume(row), pause.resume(row)] == [True, False]
    assert Event.objects.count() == 1


def test_a_sync_does_not_take_back_a_pause(connected, work):
    row = the(connected)
    Connection.objects.filter(pk=row.pk).update(paused_at=timezone.now())
    # A worker that read the row before the pause saves it after.
    from apps.banking.sync.status import FENCED_COLUMNS

    row.save(update_fields=FENCED_COLUMNS)
    assert the(connected).paused_at


def test_a_mark_for_reconnect_is_announced_once_and_a_good_run_takes_it_away(
    bank, connected, sync_after, announced_kinds
):
    row = the(connected)
    assert [pause.mark_for_reconnect(row), pause.mark_for_reconnect(row)] == [True, False]
    row = the(connected)
    assert (row.state, row.action, row.error_code) == ("needs_user", "reconnect", pause.MARKED)
    assert announced_kinds() == ["connection.needs_user"]
    assert sync_after(connected, lambda: bank.evolve(connected)).state == "active"


def test_sync_now_lets_a_worker_visit_the_item(connected, work):
    assert pause.sync_now(the(connected))
    assert Event.objects.get(state="pending").kind == "item.changed"
    assert work() > 0
