"""A client with a WhatsApp number, and messages that come in on it."""

from datetime import UTC, datetime, timedelta

import pytest

NINE, EIGHT = "+5511988887777", "+551188887777"
LID = "100000000000001@lid"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def owner(db):
    """A client, whose rows the test sees."""
    from apps.clients.factories import ClientFactory
    from lib.row_security import client_rows

    client = ClientFactory()
    with client_rows(client.pk):
        yield client


@pytest.fixture
def whatsapp(owner):
    from apps.integrations.factories import IntegrationFactory

    return IntegrationFactory(client=owner)


@pytest.fixture
def arrived(owner):
    """Stores the event of a delivery."""
    from apps.events.accept import accept_here
    from apps.events.models import Event
    from apps.events.store import make_row

    def store():
        key = f"delivery-{Event.objects.count()}"
        accept_here(make_row("uazapi:1", key, "integration/event", "from:1", b"{}", client_id=owner.pk))
        return Event.objects.get(source="uazapi:1", event_id=key)

    return store


@pytest.fixture
def receive(whatsapp, arrived):
    """Receives a message on `whatsapp`, `minute` minutes after START."""
    from apps.integrations.conversations.receive import message_received

    def get(identity, text="Oi", minute=0, **more):
        on = more.pop("integration", whatsapp)
        payload = {"id": identity, "kind": "text", "text": text, "phone": NINE, "user": "", "name": "", **more}
        message_received(on, payload, START + timedelta(minutes=minute), arrived())

    return get


@pytest.fixture
def told():
    """The payloads of the domain events of a kind, in their order."""
    from apps.events.models import Event

    return lambda kind: [event.data for event in Event.objects.filter(kind=kind).order_by("id")]
