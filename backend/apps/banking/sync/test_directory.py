"""Institutions and categories follow the aggregator's."""

import pytest

from apps.banking.models import Category, Connection, Connector
from apps.banking.sync import directory
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db


def test_a_changed_connector_status_is_stored_and_announced_once_and_asks_no_user(bank, deliver, work):
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item))
    work()
    connector = Connection.objects.get().connector
    bank.call("POST", f"/_sandbox/connectors/{connector.vendor_id}/status", {"status": "OFFLINE"})
    webhooks = bank.events(kind="connector/status_updated")
    deliver(*webhooks, *[{**webhook, "eventId": "again"} for webhook in webhooks])
    before = Event.objects.filter(source="ponte").count()
    work()
    connector.refresh_from_db()
    assert connector.health_status == "OFFLINE"
    new = Event.objects.filter(source="ponte").order_by("pk")[before:]
    assert [event.kind for event in new] == ["connector.status_changed"]
    assert new[0].data == {"connector": connector.pk, "status": "OFFLINE", "before": "ONLINE"}
    assert Connection.objects.get().state == "active"


def test_the_status_in_a_payload_is_ignored(bank, deliver, work):
    deliver({"event": "connector/status_updated", "eventId": "e1", "connectorId": 2, "data": {"status": "OFFLINE"}})
    work()
    assert Connector.objects.get(vendor_id="2").health_status == "ONLINE"


def test_an_event_for_an_unknown_connector_finishes_without_an_error(bank, deliver, work):
    deliver({"event": "connector/status_updated", "eventId": "e1", "connectorId": 99999, "data": {"status": "OFFLINE"}})
    work()
    assert Event.objects.get().outcome == "unknown connector"


def test_a_refresh_reads_connectors_and_categories_and_a_second_one_writes_nothing(bank, deliver, work):
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item, "item/created"))
    work()
    bank.call("POST", "/_sandbox/connectors/2/status", {"status": "UNSTABLE", "silent": True})
    directory.refresh()
    assert Connector.objects.count() > 2
    # A sandbox connector is in no list for production, but it is in use here.
    assert Connector.objects.get(vendor_id="2").health_status == "UNSTABLE"
    assert Category.objects.count() > 50
    rows = [list(model.objects.order_by("pk").values()) for model in (Connector, Category)]
    directory.refresh()
    assert [list(model.objects.order_by("pk").values()) for model in (Connector, Category)] == rows
