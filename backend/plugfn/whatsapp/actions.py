"""Parameters and results of the actions that every WhatsApp provider has."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from plugfn.definition import Model, Result
from plugfn.whatsapp.media import SendMedia
from plugfn.whatsapp.phones import DEFAULT_REGION, LONGEST, check_region
from plugfn.whatsapp.recipient import Outgoing
from plugfn.whatsapp.text import Text

MOST_NUMBERS = 50


LinkState = Literal["connected", "connecting", "disconnected"]


class MessageState(StrEnum):
    """How far a message has come."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class SendText(Outgoing):
    """messages.send_text"""

    text: Text = Field(repr=False)
    link_preview: bool = False


class SentMessage(Result):
    """A message that the gateway has taken."""

    id: str
    """As message.status and replies name it."""
    state: MessageState = MessageState.SENT
    sent_at: datetime | None = None
    tracking: str = ""
    chat: str = Field(default="", repr=False)
    """The gateway's id of the conversation."""
    found: bool = False
    """It had gone out before this call, or its outcome was unclear and it was looked up: nothing was sent twice."""


class FindMessages(Model):
    """messages.find"""

    tracking: str = Field(pattern=r"^[A-Za-z0-9._:\-]{8,64}$")


class MessagesFound(Result):
    """The messages of one tracking id that went out. Usually one; none: not sent, or not yet to be seen."""

    messages: list[SentMessage] = []


class CheckNumbers(Model):
    """numbers.check"""

    numbers: list[Annotated[str, Field(max_length=LONGEST)]] = Field(min_length=1, max_length=MOST_NUMBERS, repr=False)
    region: str = DEFAULT_REGION

    @field_validator("region")
    @classmethod
    def _region(cls, region: str) -> str:
        return check_region(region)


class NumberCheck(Result):
    """What is known of one number."""

    asked: str = Field(repr=False)
    """As it was given."""
    phone: str | None = Field(default=None, repr=False)
    """E.164; None when it is no phone number."""
    on_whatsapp: bool = False
    account: str | None = Field(default=None, repr=False)
    """The E.164 number under which the account exists: an old Brazilian one has a digit less than `phone`."""
    user: str | None = Field(default=None, repr=False)
    """The gateway's own id of the person, where it has one besides the number."""


class NumbersChecked(Result):
    """One row for each number asked, in that order."""

    numbers: list[NumberCheck]


class Nothing(Model):
    """The parameters of connection.status: none."""


class LineStatus(Result):
    """Whether messages can be sent and received now."""

    ready: bool
    state: LinkState
    phone: str | None = Field(default=None, repr=False)
    """The account's own number, E.164."""
    name: str = Field(default="", repr=False)
    """As its owner called it."""


ACTIONS: Mapping[str, tuple[type[BaseModel], type[BaseModel], bool]] = {
    "messages.send_text": (SendText, SentMessage, False),
    "messages.send_media": (SendMedia, SentMessage, False),
    "messages.find": (FindMessages, MessagesFound, True),
    "numbers.check": (CheckNumbers, NumbersChecked, True),
    "connection.status": (Nothing, LineStatus, True),
}
"""Name → parameters, result, whether it is safe to repeat. A gateway that looks up no messages has no messages.find."""
