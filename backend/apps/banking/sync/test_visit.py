"""An item's connection is created once, for the member that the item names, and never moves."""

from datetime import UTC, datetime

import pytest

from apps.banking.aggregators.pluggy.source import PluggySource
from apps.banking.factories import PRODUCT_TABLES, ConnectionFactory
from apps.banking.models import Connection
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db


def test_events_of_an_item_without_a_member_wait_for_its_connection(bank, deliver, work, make_all_due, differences):
    item = bank.connect()
    deliver(*bank.events(item))
    work()
    assert not Connection.objects.exists()
    assert set(Event.objects.values_list("state", "outcome", "attempts")) >= {("pending", "parked", 0)}
    connection = ConnectionFactory(vendor_id=item, state="connecting")
    make_all_due()
    work()
    assert differences(item) == {}
    assert Connection.objects.get().client == connection.client
    assert not Event.objects.exclude(state="done").exists()


def test_parked_events_are_due_at_once_when_another_event_makes_the_connection(bank, deliver, work):
    member = MembershipFactory()
    item = bank.connect()
    events = bank.events(item)
    deliver(events[0])
    work()
    assert Event.objects.get(outcome="parked")
    bank.call("PATCH", f"/items/{item}", {"clientUserId": str(member.pk)})
    bank.settled(item)
    deliver(bank.events(item, "item/updated")[-1])
    work()
    assert Connection.objects.get().member == member
    assert not Event.objects.exclude(state="done").exists()


def test_an_item_never_changes_its_client_whatever_its_client_user_id_says(bank, deliver, work, connected):
    owner = Connection.objects.get(vendor_id=connected).client
    stranger = MembershipFactory()
    bank.call("PATCH", f"/items/{connected}", {"clientUserId": str(stranger.pk)})
    bank.settled(connected)
    deliver(*bank.events(connected))
    work()
    connection = Connection.objects.get(vendor_id=connected)
    assert connection.client == owner
    assert connection.client != stranger.client
    for model in PRODUCT_TABLES:
        assert not model.objects.filter(client=stranger.client).exists()


def test_an_event_for_an_unknown_item_is_finished(deliver, work, bank):
    deliver({"event": "item/updated", "eventId": "e1", "itemId": "11111111-1111-4111-8111-111111111111"})
    work()
    assert list(Event.objects.values_list("state", "outcome")) == [("done", "unknown item")]
    assert not Connection.objects.exists()


@pytest.mark.parametrize("kind", ["item/updated", "item.changed", "transactions/created", "connection.reconcile"])
def test_an_event_that_names_no_item_reads_none_even_if_its_own_id_is_an_items(kind, bank, connected, deliver, work):
    calls = bank.calls()
    deliver({"event": kind, "eventId": connected})
    work()
    event = Event.objects.get(event_id=connected)
    assert (event.mailbox, event.outcome) == (f"pluggy:event:{connected}", "unknown item")
    assert bank.calls() == calls


@pytest.fixture
def during_the_call(monkeypatch):
    """Runs a function once, while Ponte waits for the answer to the question for the item."""

    def arrange(act):
        left, ask = [act], PluggySource.item

        def asked(source):
            state = ask(source)
            while left:
                left.pop()()
            return state

        monkeypatch.setattr(PluggySource, "item", asked)

    return arrange


def test_an_event_that_arrives_while_ponte_asks_for_the_item_is_not_covered(bank, deliver, work, during_the_call):
    item = bank.connect(MembershipFactory())
    during_the_call(lambda: deliver({"event": "item/updated", "eventId": "during", "itemId": item}))
    deliver({"event": "item/created", "eventId": "before", "itemId": item})
    work()
    assert Connection.objects.get().listed_at
    # The answer may be older than the event, so the event is read on its own.
    assert Event.objects.get(event_id="during").outcome in ("synced", "nothing new")


def test_a_visit_overwrites_no_column_that_periodic_tasks_write_meanwhile(
    bank, connected, deliver, work, during_the_call
):
    moment = datetime(2026, 11, 19, 12, tzinfo=UTC)
    others = ("consent_reminded_for", "last_reconciled_at", "last_polled_at")
    during_the_call(lambda: Connection.objects.update(**dict.fromkeys(others, moment)))
    deliver({"event": "item/updated", "eventId": "later", "itemId": connected})
    work()
    assert Event.objects.get(event_id="later").outcome in ("synced", "nothing new")
    assert Connection.objects.values_list(*others).get() == (moment,) * 3
