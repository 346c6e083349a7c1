"""The door for vendors: which deliveries it takes, and that 200 means stored."""

import pytest

from apps.events.models import Event
from apps.integrations.incoming.factories import example, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_is_stored_before_it_is_answered(connect):
    whatsapp = connect()
    answer = post(whatsapp.path, example("whatsapp_uazapi", "message.received"))
    assert answer.status_code == 200, answer.content
    event = Event.objects.get()
    assert (event.source, event.event_id) == (f"uazapi:{whatsapp.row.pk.hex}", "messages:AC01:")
    assert event.client_id == whatsapp.client.pk
