"""An item's connection is created once, for the member that the item names, and never moves."""

import logging
import uuid
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


def test_an_event_with_the_token_of_the_items_member_creates_the_connection(bank, deliver, work, differences):
    member = MembershipFactory()
    item = bank.connect(member)
    deliver(*bank.events(item), token_member=member.pk)
    work()
    assert Connection.objects.get().member == member
    assert differences(item) == {}


@pytest.mark.parametrize("named", ["a member of ours", "a person of somebody else"])
def test_an_event_with_the_token_of_another_member_than_the_vendor_names_changes_nothing(
    bank, deliver, work, caplog, named
):
    caplog.set_level(logging.WARNING)
    item = bank.connect(clientUserId=str(MembershipFactory().pk) if named == "a member of ours" else named)
    intruder = MembershipFactory()
    deliver(*bank.events(item), token_member=intruder.pk)
    work()
    assert not Connection.objects.exists()
    assert set(Event.objects.values_list("state", "outcome")) == {("done", "another member's item")}
    assert f"for pluggy:item:{item} had the token of a member whose item it is not" in caplog.text


def test_an_event_with_a_token_waits_while_the_vendor_names_nobody(bank, deliver, work, make_all_due):
    owner, intruder = MembershipFactory(), MembershipFactory()
    item = bank.connect()
    event = bank.events(item, "item/created")[0]
    deliver({**event, "eventId": "owner's"}, token_member=owner.pk)
    deliver({**event, "eventId": "intruder's"}, token_member=intruder.pk)
    work()
    assert set(Event.objects.values_list("state", "outcome")) == {("pending", "parked")}
    bank.call("PATCH", f"/items/{item}", {"clientUserId": str(owner.pk)})
    bank.settled(item)
    make_all_due()
    work()
    outcomes = dict(Event.objects.exclude(source="ponte").values_list("event_id", "outcome"))
    assert outcomes == {"owner's": "synced", "intruder's": "another member's item"}


def test_the_token_counts_again_if_the_connection_has_come_since_the_door_looked(bank, deliver, work, connected):
    calls = bank.calls()
    kinds = ["item/updated", "item/deleted", "transactions/created", "transactions/deleted"]
    about = {"itemId": connected, "accountId": "a", "transactionIds": ["t"]}
    deliver(*[{"event": kind, "eventId": kind, **about} for kind in kinds], token_member=uuid.uuid4())
    work()
    assert set(Event.objects.filter(event_id__in=kinds).values_list("outcome", flat=True)) == {"another member's item"}
    assert bank.calls().get("GET /items/{id}", 0) == calls.get("GET /items/{id}", 0)


@pytest.mark.parametrize("kind", ["item/updated", "transactions/created"])
def test_for_a_connection_without_a_member_the_vendors_word_decides(bank, deliver, work, connected, kind):
    member = Connection.objects.get().member
    former = member.pk
    member.delete()
    about = {"event": kind, "itemId": connected, "accountId": "a"}
    deliver({**about, "eventId": "former"}, token_member=former)
    deliver({**about, "eventId": "other"}, token_member=MembershipFactory().pk)
    work()
    outcomes = dict(Event.objects.filter(event_id__in=["former", "other"]).values_list("event_id", "outcome"))
    assert outcomes.pop("other") == "another member's item"
    assert outcomes["former"] in ("synced", "nothing new")


def test_events_with_and_without_a_token_do_not_share_a_run(bank, deliver, work, connected):
    event = {"event": "item/updated", "itemId": connected}
    deliver({**event, "eventId": "ours-1"})
    deliver({**event, "eventId": "theirs"}, token_member=uuid.uuid4())
    deliver({**event, "eventId": "ours-2"})
    work()
    outcomes = dict(
        Event.objects.filter(event_id__in=["ours-1", "theirs", "ours-2"]).values_list("event_id", "outcome")
    )
    assert outcomes.pop("theirs") == "another member's item"
    assert set(outcomes.values()) <= {"synced", "nothing new", "noted"}
    assert len(outcomes) == 2
