"""An item's life, from its webhooks to our rows."""

from decimal import Decimal

import pytest

from apps.banking.models import Account, BalanceSnapshot, Connection, CreditCardBill, Investment, SyncRun, Transaction
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db


def told(kind: str = "") -> list[str]:
    events = Event.objects.filter(source="ponte").order_by("id")
    return [event.kind for event in events if event.kind.startswith(kind)]


def test_the_webhooks_of_a_new_item_bring_its_connection_and_all_its_data(
    bank, deliver, work, differences
):
    member = MembershipFactory()
    item = bank.connect(member)
    deliver(*bank.events(item))
    work()
    connection = Connection.objects.get(vendor_id=item)
    assert (connection.client_id, connection.member) == (member.client_id, member)
    assert connection.state == "active"
    assert connection.last_synced_at
    truth = bank.state(item)
    assert Account.objects.filter(connection=connection).count() == len(truth["accounts"])
    assert Transaction.objects.count() == truth["counts"]["transactions"]
    assert CreditCardBill.objects.count() == truth["counts"]["bills"]
    assert Investment.objects.count() == truth["counts"]["investments"]
    assert BalanceSnapshot.objects.count() == len(truth["accounts"])
    assert not Event.objects.exclude(state="done").exists()
    assert told().count("connection.connected") == 1
    assert Account.objects.first().balance == Decimal(str(truth["accounts"][0]["balance"]))
    assert SyncRun.objects.filter(state="done").exists()
    assert differences(item) == {}
