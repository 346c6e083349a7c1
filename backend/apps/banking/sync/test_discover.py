"""The search finds items that lost all their webhooks."""

import pytest

from apps.banking.models import Connection
from apps.banking.sync.discover import discover
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db


def test_an_item_whose_webhooks_were_all_lost_is_found_and_read(bank, work, differences):
    member = MembershipFactory()
    item = bank.connect(member)
    assert discover() == 1
    assert discover() == 0
    work()
    assert Connection.objects.get(vendor_id=item).client == member.client
    assert differences(item) == {}
    assert Event.objects.filter(kind="connection.connected").count() == 1
    assert discover() == 0


def test_items_without_a_known_member_are_ignored(bank):
    bank.connect()
    bank.connect(None, clientUserId="somebody else's")
    assert discover() == 0
    assert not Event.objects.exists()


def test_an_item_with_a_pending_webhook_is_not_requested(bank, deliver):
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    assert discover() == 0


def test_discovery_does_nothing_if_the_list_is_not_enabled(bank):
    bank.connect(MembershipFactory())
    bank.call("POST", "/_sandbox/switches", {"list_items": False})
    try:
        assert discover() == 0
    finally:
        bank.call("POST", "/_sandbox/switches", {"list_items": True})
