"""What Ponte sends appears in the conversations too: its contact and its message."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from apps.integrations.conversations.contacts import contact_of
from apps.integrations.conversations.person import recipient
from apps.integrations.conversations.threads import note_message, open_conversation
from apps.integrations.models import Contact, Message, Send
from apps.integrations.models.conversation import Direction
from apps.integrations.sending.recipient import index_of

# The names that actions' parameters have for what the person reads.
_TEXTS = ("text", "caption", "subject")
_WITH_FILE = "messages.send_media"


def has_opted_out(client: UUID, addresses: Sequence[str]) -> bool:
    """Whether one of these people wants no automatic messages."""
    indexes = [index_of(address) for address in addresses]
    named = Q(phone_index__in=indexes) | Q(email_index__in=indexes) | Q(handle_index__in=indexes)
    return Contact.objects.filter(named, client=client, opted_out_at__isnull=False).exists()


def note_send(send: Send) -> Contact | None:
    """Note a send to a person in their conversation. Call it in the transaction that creates the send.

    Returns the contact, which the send names from now on; None if it goes to no single person.
    """
    person = recipient(send.channel, send.recipient)
    if person is None or send.integration is None:
        return None
    contact = contact_of(send.client_id, person)
    at = timezone.now()
    conversation = open_conversation(contact, send.integration, Direction.OUT, at)
    message = Message(
        client_id=send.client_id,
        conversation=conversation,
        send=send,
        direction=Direction.OUT,
        kind=kind_of(send.action, send.params),
        state=send.state,
        integration=send.integration,
        vendor_id=send.vendor_id,
        length=len(text := text_of(send.params)),
        at=at,
    )
    if send.integration.keeps_content:
        message.content = text
    message.save(force_insert=True)
    note_message(conversation, send.integration, Direction.OUT, at)
    Send.objects.filter(pk=send.pk).update(contact=contact)
    send.contact = contact
    return contact


def kind_of(action: str, params: Mapping[str, Any]) -> str:
    """The kind of message that an action sends."""
    return str(params.get("kind") or "document")[:20] if action == _WITH_FILE else "text"


def text_of(params: Mapping[str, Any]) -> str:
    """What the person reads: the text, or a caption, or else the subject."""
    return next((str(params[name]) for name in _TEXTS if params.get(name)), "")
