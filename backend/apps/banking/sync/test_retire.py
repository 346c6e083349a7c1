"""An item is retired only if the aggregator no longer has it, and it may return."""

import pytest

from apps.banking.models import Account, Connection, CreditCardBill, Identity, Investment, Loan, Transaction
from apps.banking.sync.retire import retire
from apps.banking.sync.visit import Visit
from apps.events.lease import claim
from apps.events.models import Event
from apps.events.work import Batch

pytestmark = pytest.mark.django_db


def test_an_item_is_retired_only_when_it_is_gone_at_the_aggregator(bank, connected, deliver, work, announced_kinds):
    event = bank.events(connected, "item/created")[0]
    deliver({**event, "event": "item/deleted", "eventId": "lie"})
    work()
    assert Connection.objects.get(vendor_id=connected).state == "active"
    bank.delete(connected)
    deliver(*bank.events(connected, "item/deleted"))
    work()
    connection = Connection.objects.get(vendor_id=connected)
    assert connection.state == "deleted"
    assert connection.deleted_at
    for model in (Account, Transaction, CreditCardBill, Investment, Loan, Identity):
        assert model.objects.exists()
        assert not model.objects.filter(deleted_at=None).exists()
    assert announced_kinds().count("connection.deleted") == 1
    deliver({**event, "event": "item/updated", "eventId": "late"})
    work()
    assert announced_kinds().count("connection.deleted") == 1


def test_any_event_of_an_item_that_is_gone_tombstones_it(bank, connected, sync_after, deliver, work):
    bank.delete(connected)
    event = bank.events(connected, "item/created")[0]
    deliver({**event, "event": "item/updated", "eventId": "late"})
    work()
    assert Connection.objects.get(vendor_id=connected).state == "deleted"


def test_an_item_that_returns_is_read_from_its_beginning(bank, connected, deliver, work, differences):

    edited = Transaction.objects.order_by("pk").first()
    Transaction.objects.filter(pk=edited.pk).update(note="mine")
    batch = Batch(claim(f"pluggy:item:{connected}"), [Event.objects.first()])
    retire(Visit(batch, None, Connection.objects.get(vendor_id=connected)))
    assert not Transaction.objects.filter(deleted_at=None).exists()
    event = bank.events(connected, "item/created")[0]
    deliver({**event, "event": "item/updated", "eventId": "again"})
    work()
    assert differences(connected) == {}
    connection = Connection.objects.get(vendor_id=connected)
    assert connection.state == "active"
    assert connection.listed_at
    edited.refresh_from_db()
    assert (edited.note, edited.deleted_at) == ("mine", None)
