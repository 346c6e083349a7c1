"""Contents go first, then messages, then empty conversations; and all of it is exported and erased with its client."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.clients.factories import ClientFactory
from apps.clients.personal_data import OF_CLIENTS
from apps.integrations.conversations.retention import purge_conversations, purge_messages
from apps.integrations.factories import ConversationFactory, IntegrationFactory, MessageFactory
from apps.integrations.models import Contact, Conversation, Message
from lib.row_security import client_rows


@pytest.fixture
def rows(owner):
    """A message of each age in days, in two conversations."""
    integration = IntegrationFactory(client=owner)

    def of(*ages):
        moments = [timezone.now() - timedelta(days=days) for days in ages]
        thread = ConversationFactory(contact__client=owner, integration=integration, last_message_at=max(moments))
        return [MessageFactory(conversation=thread, at=at, content="Oi") for at in moments]

    return [*of(400, 100, 10), *of(366)]


def test_what_is_too_old_goes_step_by_step_and_the_contact_stays(rows):
    assert purge_messages() == 3
    assert Message.objects.filter(content_sealed__isnull=False).get() == rows[2]
    assert purge_messages() == 2
    assert purge_messages() == 0
    assert set(Message.objects.all()) == {rows[1], rows[2]}
    assert purge_conversations() == 1
    assert (Conversation.objects.get(), Contact.objects.count()) == (rows[1].conversation, 2)


def test_zero_keeps_everything(rows, settings):
    settings.MESSAGE_CONTENT_DAYS = settings.MESSAGE_DAYS = 0
    Message.objects.all().delete()
    assert purge_messages() == purge_conversations() == 0
    assert Conversation.objects.count() == 2


def test_the_registry_exports_in_plain_and_erases_one_client_alone(owner, rows):
    other = ClientFactory()
    with client_rows(other.pk):
        MessageFactory(conversation__contact__client=other)
    holdings = [each for each in OF_CLIENTS if each.model in (Message, Conversation, Contact)]
    exported = [each.export(row) for each in holdings for piece in each.pieces(owner.pk) for row in piece]
    assert [each["content"] for each in exported if "content" in each] == ["Oi"] * 4
    assert all(each["phone"].startswith("+55") for each in exported if "phone" in each)
    for each in holdings:
        while each.erase(owner.pk):
            pass
        assert not each.model.objects.exists()
    with client_rows(other.pk):
        assert [each.model.objects.count() for each in holdings] == [1, 1, 1]
