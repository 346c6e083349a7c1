"""The payloads of the common events."""

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
    """A message. `phone`, `user` and `name` are always those of the person at the other end."""

    id: str
    kind: Kind
    text: str = Field(default="", repr=False)
    """The written text: of the message, a caption, a reaction (its emoji), or a choice (its label)."""
    phone: str | None = Field(default=None, repr=False)
    """The person's number as E.164; None if WhatsApp hides it. To answer, use it as `to`."""
    user: str = Field(default="", repr=False)
    """The gateway's own id of the person. To answer when there is no phone, use it as `user`."""
    name: str = Field(default="", repr=False)
    group: str | None = Field(default=None, repr=False)
    """The id of the group in which it was written. To answer, use it as `group`."""
    from_owner: bool = False
    """Whether the account's owner wrote it, on the phone."""
    sent_at: datetime | None = None
    reply_to: str | None = None
    """The id of the message that it replies to, reacts to, or whose button was tapped."""
    choice: str | None = None
    """The id of the button or list row that was tapped."""
    edits: str | None = None
    """The id of the message that this one edits: its text replaces the other's."""
    mime_type: str | None = None
    size: int | None = None
    """The size of the file in bytes."""


class MessageStatus(Result):
    """One of our messages reached a new state, or failed. The event may come late, twice, or in the wrong order."""

    id: str
    state: MessageState
    at: datetime | None = None
    phone: str | None = Field(default=None, repr=False)
    tracking: str = ""
    """Our tracking id of the message, if the gateway returns it."""
    error_code: str = ""


class ConnectionChange(Result):
    """The account was linked to the gateway, or unlinked from it."""

    ready: bool
    state: LinkState
    reason: str = ""
    """The gateway's own word for the reason, for example LoggedOut."""


TRIGGERS = (
    Trigger("message.received", Message, "Somebody wrote to the account."),
    Trigger("message.received_in_group", Message, "Somebody wrote in a group that the account is in."),
    Trigger("message.sent", Message, "The account's owner wrote to somebody on the phone."),
    Trigger("message.status", MessageStatus, "A message was sent, delivered or read, or it failed."),
    Trigger("connection.changed", ConnectionChange, "The account was linked to the gateway, or unlinked from it."),
)
"""Messages in groups and the owner's own messages are separate events, so that a handler that answers
message.received never answers in a group, or its own messages."""
