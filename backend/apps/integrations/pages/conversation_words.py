"""Conversations and messages in words, signs and rows of a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from apps.integrations.models import Contact, Conversation, Message
from apps.integrations.models.conversation import Direction

CHANNELS = {"whatsapp": "WhatsApp", "email": gettext_lazy("E-mail")}
CHANNEL_ICONS = {"whatsapp": "chat", "email": "mail"}
_TONES = {"open": "warn", "waiting": "info", "closed": "idle"}
STATES: dict[str, Promise] = {
    "open": gettext_lazy("Waits for an answer"),
    "waiting": gettext_lazy("Answered"),
    "closed": gettext_lazy("Closed"),
}
# The last word was an opt-out: the contact waits for no answer. The same as a condition is LEFT.
_LEFT = ("idle", gettext_lazy("Opted out"))
LEFT = Q(status="open", contact__opted_out_by=F("channel"), contact__opted_out_at__gte=F("last_message_at"))
_KINDS: dict[str, Promise] = {
    "text": gettext_lazy("Text"),
    "image": gettext_lazy("Picture"),
    "video": gettext_lazy("Video"),
    "audio": gettext_lazy("Audio"),
    "voice": gettext_lazy("Voice message"),
    "document": gettext_lazy("Document"),
    "sticker": gettext_lazy("Sticker"),
    "location": gettext_lazy("Location"),
    "contact": gettext_lazy("Contact card"),
    "reaction": gettext_lazy("Reaction"),
    "choice": gettext_lazy("Choice"),
    "poll": gettext_lazy("Poll"),
}
# The sign and the word of what became of an outgoing message.
_TICKS: dict[str, tuple[str, Promise]] = {
    "queued": ("clock", gettext_lazy("waits to be sent")),
    "sending": ("clock", gettext_lazy("is being sent")),
    "sent": ("check", gettext_lazy("sent")),
    "delivered": ("checks", gettext_lazy("delivered")),
    "read": ("checks", pgettext_lazy("message", "read")),
    "failed": ("cross", gettext_lazy("not sent")),
    "unknown": ("alert", gettext_lazy("it is not known whether it was sent")),
}
LONGEST_PREVIEW = 90


@dataclass(frozen=True)
class Bubble:
    """A message as people see it. Without a content, `meta` says what is known of it."""

    message: Message
    is_own: bool
    content: str
    meta: str
    tick: str
    state: str | Promise

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look at it."""
        return self.message.state in (Message.State.FAILED, Message.State.UNKNOWN)


@dataclass(frozen=True)
class Row:
    """A conversation in a list."""

    conversation: Conversation
    title: str
    channel: str
    icon: str
    tone: str
    state: str | Promise
    preview: str
    is_own: bool


def badge_of(conversation: Conversation) -> tuple[str, str | Promise]:
    """The tone and the word of its status. Its contact is loaded already."""
    if conversation.status == "open" and _has_left(conversation):
        return _LEFT
    return _TONES[conversation.status], STATES[conversation.status]


def _has_left(conversation: Conversation) -> bool:
    """Whether its last word was an opt-out. One on another channel, or by the client, answers no question."""
    left, by = conversation.contact.opted_out_at, conversation.contact.opted_out_by
    return left is not None and left >= conversation.last_message_at and by == conversation.channel


def title_of(contact: Contact) -> str:
    """What people know the contact by."""
    return str(contact.name or contact.phone or contact.email) or _("Without a name")


def channel_name(channel: str) -> str:
    """The channel in a word."""
    return str(CHANNELS.get(channel) or channel)


def kind_of(message: Message) -> str:
    """The kind of a message, in a word."""
    return str(_KINDS.get(message.kind) or _("Message"))


def bubble_of(message: Message) -> Bubble:
    """The message with its signs."""
    tick, state = _TICKS.get(message.state, ("", ""))
    return Bubble(
        message=message,
        is_own=message.direction == Direction.OUT,
        content=str(message.content),
        meta=_meta(message),
        tick=tick,
        state=state,
    )


def _meta(message: Message) -> str:
    kind = kind_of(message)
    if message.kind != "text" and not message.length:
        return kind
    letters = ngettext("%(n)d letter", "%(n)d letters", message.length) % {"n": message.length}
    return f"{kind}, {letters}"


def rows_of(conversations: Sequence[Conversation]) -> list[Row]:
    """The conversations as rows, each with its last message. Their contacts are loaded already."""
    newest = Message.objects.filter(conversation=OuterRef("pk")).order_by("-at", "-pk").values("pk")[:1]
    keys = [conversation.pk for conversation in conversations]
    found = dict(Conversation.objects.filter(pk__in=keys).values_list("pk", Subquery(newest)))
    messages = Message.objects.in_bulk([key for key in found.values() if key is not None])
    return [_row(conversation, messages.get(found.get(conversation.pk))) for conversation in conversations]


def _row(conversation: Conversation, last: Message | None) -> Row:
    preview = (str(last.content) or _meta(last)) if last else ""
    tone, state = badge_of(conversation)
    return Row(
        conversation=conversation,
        title=title_of(conversation.contact),
        channel=channel_name(conversation.channel),
        icon=CHANNEL_ICONS.get(conversation.channel, "chat"),
        tone=tone,
        state=state,
        preview=preview if len(preview) <= LONGEST_PREVIEW else preview[: LONGEST_PREVIEW - 1] + "…",
        is_own=last is not None and last.direction == Direction.OUT,
    )
