"""The conversation of a contact on a channel: finds the one that is not closed, or opens one, and keeps its state."""

from datetime import datetime

from django.utils import timezone

from apps.events.emit import emit
from apps.events.models import Event
from apps.integrations.models import Contact, Conversation, Integration
from apps.integrations.models.conversation import Direction

Status = Conversation.Status


def open_conversation(
    contact: Contact, integration: Integration, direction: str, at: datetime, *, cause: Event | None = None
) -> Conversation:
    """The contact's conversation on the integration's channel that is not closed; a new one if there is none.

    The contact is locked, so there is never a second one.
    """
    channel = integration.entry.channel
    rows = Conversation.objects.select_for_update(no_key=True).filter(contact=contact, channel=channel)
    found = rows.exclude(status=Status.CLOSED).first()
    return found or _new(contact, integration, direction, at, cause)


def note_message(conversation: Conversation, integration: Integration, direction: str, at: datetime) -> None:
    """A message was added. One that is older than the last one moves nothing back, but one that came in is open."""
    incoming = direction == Direction.IN
    is_newest = (at, incoming) >= (conversation.last_message_at, conversation.last_direction == Direction.IN)
    if is_newest:
        conversation.last_message_at, conversation.last_direction = at, direction
        conversation.integration = integration
    if incoming:
        conversation.status = Status.OPEN
    elif is_newest:
        conversation.status = Status.WAITING
    conversation.save(update_fields=["last_message_at", "last_direction", "integration", "status"])


def _new(contact: Contact, integration: Integration, direction: str, at: datetime, cause: Event | None) -> Conversation:
    conversation = Conversation.objects.create(
        client_id=contact.client_id,
        contact=contact,
        integration=integration,
        channel=integration.entry.channel,
        status=Status.OPEN if direction == Direction.IN else Status.WAITING,
        opened_at=timezone.now(),
        last_message_at=at,
        last_direction=direction,
    )
    payload = {"contact": str(contact.pk), "conversation": str(conversation.pk), "channel": conversation.channel}
    emit(
        "conversation.opened",
        mailbox=f"contact:{contact.pk}",
        client=contact.client_id,
        payload={**payload, "direction": direction},
        caused_by=cause,
    )
    return conversation
