"""What people and agents do with a conversation: close, reopen, assign, report what the contact wants."""

import re
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.clients.models import Membership
from apps.events.emit import emit
from apps.integrations.models import Contact, Conversation

INTENT = r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$"
LONGEST_INTENT = 60
LONGEST_SOURCE = 100


class NotPossible(ValueError):
    """The state of the conversation does not allow it, and nothing has changed. The message, for people, says why."""


def close(conversation: Conversation) -> Conversation:
    """End it: the contact's next message opens a new one. A closed one stays as it is. Returns the row."""
    with transaction.atomic():
        row = _locked(conversation)
        if row.status == Conversation.Status.CLOSED:
            return row
        row.status, row.closed_at = Conversation.Status.CLOSED, timezone.now()
        row.save(update_fields=["status", "closed_at"])
        payload = {"contact": str(row.contact_id), "conversation": str(row.pk), "channel": row.channel}
        emit("conversation.closed", mailbox=f"contact:{row.contact_id}", client=row.client_id, payload=payload)
    return row


def reopen(conversation: Conversation) -> Conversation:
    """Make a closed one open again. Raises NotPossible if the contact has a newer one on the channel by now."""
    with transaction.atomic():
        row = _locked(conversation)
        if row.status != Conversation.Status.CLOSED:
            return row
        others = Conversation.objects.filter(contact=row.contact_id, channel=row.channel)
        if others.exclude(status=Conversation.Status.CLOSED).exists():
            raise NotPossible(_("There is a newer conversation with this contact on this channel."))
        row.status, row.closed_at = Conversation.Status.OPEN, None
        row.save(update_fields=["status", "closed_at"])
    return row


def assign(conversation: Conversation, user_id: int | None) -> Conversation:
    """Give it to a person of the client, or to no one. Raises NotPossible for somebody who may not work on it."""
    with transaction.atomic():
        row = _locked(conversation)
        if user_id is not None and not _may_work(row.client_id, user_id):
            raise NotPossible(_("This person is no member of the client, or may only look."))
        row.assigned_to_id = user_id
        row.save(update_fields=["assigned_to"])
    return row


def report_intent(conversation: Conversation, intent: str, confidence: float, source: str) -> None:
    """An agent says what the contact wants: `intent` is a short slug, `confidence` from 0 to 1, `source` who says so.

    Raises ValueError for other values.
    """
    if not re.fullmatch(INTENT, intent, re.ASCII) or len(intent) > LONGEST_INTENT:
        raise ValueError("an intent is a short slug, such as cancel_order")
    if not 0 <= confidence <= 1:
        raise ValueError("the confidence is a number from 0 to 1")
    payload = {
        "contact": str(conversation.contact_id),
        "conversation": str(conversation.pk),
        "channel": conversation.channel,
        "intent": intent,
        "confidence": confidence,
        "source": source[:LONGEST_SOURCE],
    }
    with transaction.atomic():
        emit(
            "intent_detected",
            mailbox=f"contact:{conversation.contact_id}",
            client=conversation.client_id,
            payload=payload,
        )


def workers(client: UUID) -> list[Membership]:
    """The people to whom a conversation can be assigned, the oldest member first."""
    rows = Membership.objects.live().filter(client_id=client, user__is_active=True).select_related("user")
    return [member for member in rows.order_by("created_at", "pk") if member.may_write]


def _may_work(client: UUID, user_id: int) -> bool:
    return any(member.user_id == user_id for member in workers(client))


def _locked(conversation: Conversation) -> Conversation:
    # First the contact, as everywhere: two locks in different orders would wait for each other.
    Contact.objects.select_for_update(no_key=True).filter(pk=conversation.contact_id).first()
    return Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
