"""Without a public address, Ponte looks at its items and reads those that changed."""

import logging
from datetime import timedelta
from io import StringIO

import pytest
from celery.signals import beat_init
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.banking.models import Connection, SyncRun, Transaction
from apps.banking.sync.poll import _SEARCHED, LOOK_LIMIT, poll
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db

LOOK = "GET /items/{id}"


@pytest.fixture(autouse=True)
def private(settings):
    settings.PUBLIC_URL = ""
    cache.delete(_SEARCHED)


def wait(**time) -> None:
    """Let that much time pass since the last looks."""
    earlier = timezone.now() - timedelta(**time)
    Connection.objects.update(last_polled_at=earlier)
    cache.delete(_SEARCHED)


def calls(bank) -> dict[str, int]:
    return {name: count for name, count in bank.calls().items() if not name.startswith(("GET /_", "POST /auth"))}


def spent(bank, act) -> dict[str, int]:
    before = calls(bank)
    act()
    return {name: count - before.get(name, 0) for name, count in calls(bank).items() if count != before.get(name, 0)}


def test_a_changed_item_is_read_without_any_webhook(bank, connected, work, differences):
    bank.evolve(connected, new=3, silent=True)
    assert poll() == 1
    assert list(Event.objects.filter(state="pending").values_list("kind", flat=True)) == ["item.changed"]
    work()
    assert differences(connected) == {}
    assert not Event.objects.exclude(state="done").exists()


def test_an_item_at_rest_costs_one_call_and_no_event(bank, connected):
    poll()
    wait(minutes=5)
    events, runs = Event.objects.count(), SyncRun.objects.count()
    assert {name: n for name, n in spent(bank, poll).items() if "/v2/items" not in name} == {LOOK: 1}
    assert (Event.objects.count(), SyncRun.objects.count()) == (events, runs)


def test_an_item_is_looked_at_once_in_the_minutes_of_the_setting(bank, connected, settings):
    settings.POLL_MINUTES = 7
    poll()
    wait(minutes=6, seconds=50)
    assert LOOK not in spent(bank, poll)
    wait(minutes=7)
    assert spent(bank, poll)[LOOK] == 1
    assert LOOK not in spent(bank, poll)


def test_a_change_is_requested_once_while_its_visit_waits(bank, connected):
    bank.evolve(connected, new=1, silent=True)
    assert poll() == 1
    wait(minutes=5)
    assert poll() == 0
    assert Event.objects.filter(kind="item.changed").count() == 1


def test_with_a_public_address_nothing_is_looked_at(bank, connected, settings):
    settings.PUBLIC_URL = "https://ponte.example.com"
    assert spent(bank, poll) == {}


def test_an_item_that_is_gone_is_retired(bank, connected, work):
    bank.delete(connected)
    assert poll() == 1
    work()
    assert Connection.objects.get().deleted_at
    wait(minutes=5)
    assert LOOK not in spent(bank, poll)


def test_a_new_item_is_found_by_the_list_and_read_as_soon_as_its_run_has_ended(bank, work):
    bank.connect(MembershipFactory())
    poll()
    work()
    assert Connection.objects.get().last_synced_at
    assert Transaction.objects.exists()


def test_an_error_that_may_pass_stops_the_run_and_the_next_one_goes_on(bank, connected):
    bank.evolve(connected, new=1, silent=True)
    bank.fault("500", "GET /items/*")
    assert poll() == 0
    bank.mend()
    wait(minutes=5)
    assert poll() == 1


def test_one_run_looks_at_a_bounded_number_of_items(bank, connected, monkeypatch):
    monkeypatch.setattr("apps.banking.sync.poll.LOOK_LIMIT", 0)
    assert LOOK not in spent(bank, poll)
    assert 0 < LOOK_LIMIT < 342


def test_beat_says_once_that_ponte_polls(settings, caplog):
    settings.POLL_MINUTES = 9
    with caplog.at_level(logging.WARNING):
        beat_init.send(sender=None)
    said = [record.getMessage() for record in caplog.records]
    assert said == ["PUBLIC_URL is empty, so no webhook can arrive. Ponte looks at each item every 9 minutes instead."]
    caplog.clear()
    settings.PUBLIC_URL = "https://ponte.example.com"
    beat_init.send(sender=None)
    assert not caplog.records


def sync(*arguments: str) -> str:
    out = StringIO()
    call_command("sync_connection", *arguments, stdout=out)
    return out.getvalue()


def test_a_new_item_is_connected_by_its_id_where_the_aggregator_lists_none(bank):
    item = bank.connect(MembershipFactory())
    assert "synced" in sync(item, "--new")
    assert Connection.objects.get().vendor_id == item
    assert Transaction.objects.exists()


def test_an_item_of_no_member_or_that_does_not_exist_is_not_connected(bank):
    with pytest.raises(CommandError, match="clientUserId"):
        sync(bank.connect(), "--new")
    with pytest.raises(CommandError, match="has no item"):
        sync("11111111-1111-4111-8111-111111111111", "--new")
    assert not Connection.objects.exists()
