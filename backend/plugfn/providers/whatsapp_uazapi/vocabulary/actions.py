"""Parameters and results of the actions that every WhatsApp provider has."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from plugfn.definition import Model, Result
from plugfn.providers.whatsapp_uazapi.vocabulary.media import SendMedia
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import DEFAULT_REGION, LONGEST, check_region
from plugfn.providers.whatsapp_uazapi.vocabulary.recipient import Outgoing
from plugfn.providers.whatsapp_uazapi.vocabulary.text import Text

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
    """1 to 4096 characters; control characters are taken out."""
    link_preview: bool = False
    """Whether the gateway looks at the first link in it and shows what is there."""


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

    model_config = ConfigDict(use_attribute_docstrings=True)

    tracking: str = Field(pattern=r"^[A-Za-z0-9._:\-]{8,64}$")
    """The message's tracking id, or the id of the call that sent it (`call_id` in the action log)."""


class MessagesFound(Result):
    """The messages of one tracking id that went out. Usually one; none: not sent, or not yet to be seen."""

    messages: list[SentMessage] = []


class CheckNumbers(Model):
    """numbers.check"""

    model_config = ConfigDict(use_attribute_docstrings=True)

    numbers: list[Annotated[str, Field(max_length=LONGEST)]] = Field(min_length=1, max_length=MOST_NUMBERS, repr=False)
    """Phone numbers as people write them, 50 at most."""
    region: str = DEFAULT_REGION
    """The country of numbers written without their country code."""

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
