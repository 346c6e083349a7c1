"""What WhatsApp providers tell: the payloads of their events."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from plugfn.definition import Result, Trigger
from plugfn.providers.whatsapp_uazapi.vocabulary.actions import LinkState, MessageState

Kind = Literal[
    "text",
    "image",
    "video",
    "audio",
    "voice",
    "document",
    "sticker",
    "location",
    "contact",
    "reaction",
    "choice",
    "poll",
    "other",
]


class Message(Result):
    """A message, seen from our side: `phone`, `user` and `name` are of the person at the other end."""

    id: str
    kind: Kind
    text: str = Field(default="", repr=False)
    """What is written: the message, a caption, the emoji of a reaction, the label of a choice."""
    phone: str | None = Field(default=None, repr=False)
    """E.164; None when WhatsApp hides it. Answer with `to`."""
    user: str = Field(default="", repr=False)
    """The gateway's own id of the person. Answer with `user` when there is no phone."""
    name: str = Field(default="", repr=False)
    group: str | None = Field(default=None, repr=False)
    """The id of the group it was written in. Answer with `group`."""
    from_owner: bool = False
    """Written by the account's owner on the phone."""
    sent_at: datetime | None = None
    reply_to: str | None = None
    """The id of the message it answers, reacts to, or whose button was tapped."""
    choice: str | None = None
    """The id of the button or list row that was tapped."""
    edits: str | None = None
    """The id of the message whose text it replaces."""
    mime_type: str | None = None
    size: int | None = None
    """Bytes of the file."""


class MessageStatus(Result):
    """One of our messages has come further, or failed. May come late, twice, or in the wrong order."""

    id: str
    state: MessageState
    at: datetime | None = None
    phone: str | None = Field(default=None, repr=False)
    tracking: str = ""
    """Ours, where the gateway gives it back."""
    error_code: str = ""


class ConnectionChange(Result):
    """The account is linked to the gateway, or no longer."""

    ready: bool
    state: LinkState
    reason: str = ""
    """The gateway's word for it, as LoggedOut."""


TRIGGERS = (
    Trigger("message.received", Message, "Somebody wrote to the account."),
    Trigger("message.received_in_group", Message, "Somebody wrote in a group that the account is in."),
    Trigger("message.sent", Message, "The account's owner wrote to somebody, on the phone."),
    Trigger("message.status", MessageStatus, "A message was sent, delivered or read, or has failed."),
    Trigger("connection.changed", ConnectionChange, "The account was linked to the gateway, or no longer is."),
)
"""Groups and the owner's own messages have events of their own, so that what answers message.received never answers

in a group, nor itself."""
