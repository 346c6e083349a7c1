"""Items whose every webhook was lost."""

import pytest

from apps.banking.models import Connection
from apps.banking.sync.discover import discover
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db


def test_an_item_of_which_no_webhook_ever_came_is_found_and_read(bank, work, differences):
    member = MembershipFactory()
    item = bank.connect(member)
    assert discover() == 1
    assert discover() == 0
    work()
    assert Connection.objects.get(vendor_id=item).client == member.client
    assert differences(item) == {}
    assert Event.objects.filter(kind="connection.connected").count() == 1
    assert discover() == 0


def test_items_of_nobody_we_know_are_left_alone(bank):
    bank.connect()
    bank.connect(None, clientUserId="somebody else's")
    assert discover() == 0
    assert not Event.objects.exists()


def test_an_item_whose_webhook_waits_is_not_asked_for(bank, deliver):
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    assert discover() == 0


def test_where_the_list_is_not_enabled_nothing_happens(bank):
    bank.connect(MembershipFactory())
    bank.call("POST", "/_sandbox/switches", {"list_items": False})
    try:
        assert discover() == 0
    finally:
        bank.call("POST", "/_sandbox/switches", {"list_items": True})
