"""Two contacts turn out to be one person: a message named both their phone number and their handle."""

from django.utils import timezone

from apps.integrations.conversations.person import WAYS, index_of_contact
from apps.integrations.models import Contact, Conversation, Message, Send
from apps.integrations.models.conversation import Direction


def are_compatible(one: Contact, other: Contact) -> bool:
    """Whether no two values contradict each other, such as two phone numbers."""
    pairs = [(index_of_contact(one, way), index_of_contact(other, way)) for way in WAYS]
    return all(mine is None or theirs is None or mine == theirs for mine, theirs in pairs)


def merge(contact: Contact, other: Contact) -> None:
    """Give `contact` all that `other` has, and delete `other`. Both are locked, and neither contradicts the other."""
    for conversation in Conversation.objects.filter(contact=other).order_by("opened_at", "pk"):
        _move(conversation, contact)
    Send.objects.filter(contact=other).update(contact=contact)
    # First, because its values must be free. What was read of it is still there, and its key, which opens that.
    Contact.objects.filter(pk=other.pk).delete()
    _take_values(contact, other)
    _take_choices(contact, other)
    contact.updated_at = timezone.now()
    contact.save()


def _take_values(contact: Contact, other: Contact) -> None:
    for way in WAYS:
        if (index := index_of_contact(other, way)) is not None and index_of_contact(contact, way) is None:
            setattr(contact, way, getattr(other, way))
            setattr(contact, f"{way}_index", index)


def _take_choices(contact: Contact, other: Contact) -> None:
    """The newer name, and the newer decision about messages; if one of them opted out at the same time, that counts."""
    if _name_rank(other) > _name_rank(contact):
        contact.name, contact.named_at, contact.name_is_own = other.name, other.named_at, other.name_is_own
    contact.opted_in_at = max((at for at in (contact.opted_in_at, other.opted_in_at) if at), default=None)
    outs = [(each.opted_out_at, each.opted_out_by) for each in (contact, other) if each.opted_out_at]
    newest_at, newest_by = max(outs, default=(None, ""))
    stands = newest_at is not None and (contact.opted_in_at is None or newest_at >= contact.opted_in_at)
    contact.opted_out_at, contact.opted_out_by = (newest_at, newest_by) if stands else (None, "")


def _name_rank(contact: Contact) -> tuple[bool, bool, float, str]:
    at = contact.named_at.timestamp() if contact.named_at else 0.0
    return contact.name_is_own, bool(contact.name), at, contact.name


def _move(conversation: Conversation, contact: Contact) -> None:
    """The conversation becomes the contact's; its messages go into the contact's own one that is not closed."""
    own = Conversation.objects.filter(contact=contact, channel=conversation.channel).exclude(
        status=Conversation.Status.CLOSED
    )
    target = None if conversation.status == Conversation.Status.CLOSED else own.first()
    if target is None:
        conversation.contact = contact
        conversation.save(update_fields=["contact"])
        return
    _move_messages(conversation, target)
    _combine(target, conversation)
    conversation.delete()


def _move_messages(source: Conversation, target: Conversation) -> None:
    # A content is bound to its conversation.
    for message in Message.objects.filter(conversation=source, content_sealed__isnull=False):
        content, message.conversation = message.content, target
        message.content = content
        message.save(update_fields=["conversation", "content_sealed"])
    Message.objects.filter(conversation=source).update(conversation=target)


def _combine(target: Conversation, other: Conversation) -> None:
    if (other.last_message_at, other.last_direction == Direction.IN) > (
        target.last_message_at,
        target.last_direction == Direction.IN,
    ):
        target.last_message_at, target.last_direction = other.last_message_at, other.last_direction
        target.integration = other.integration or target.integration
    if Conversation.Status.OPEN in {target.status, other.status}:
        target.status = Conversation.Status.OPEN
    target.opened_at = min(target.opened_at, other.opened_at)
    target.assigned_to = target.assigned_to or other.assigned_to
    target.save()
