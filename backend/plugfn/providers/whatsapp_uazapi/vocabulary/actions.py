"""The parameters and results of the common actions."""

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
    """How far a message has got."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class SendText(Outgoing):
    """The text message to send."""

    text: Text = Field(repr=False)
    """1 to 4096 characters; control characters are removed."""
    link_preview: bool = False
    """Whether to show a preview of the first link in the text. The gateway fetches that page."""


class SentMessage(Result):
    """A message that the gateway accepted."""

    id: str
    """The message's id, as in message.status events and in replies."""
    state: MessageState = MessageState.SENT
    sent_at: datetime | None = None
    tracking: str = ""
    chat: str = Field(default="", repr=False)
    """The gateway's id of the conversation."""
    found: bool = False
    """True if the message was looked up instead of sent again: it had been sent before, or its outcome was unknown."""


class FindMessages(Model):
    """Which message to look for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    tracking: str = Field(pattern=r"^[A-Za-z0-9._:\-]{8,64}$")
    """The message's tracking id, or the id of the call that sent it (`call_id` in the action log)."""


class MessagesFound(Result):
    """The sent messages with one tracking id, usually one. An empty list: none was sent, or none is visible yet."""

    messages: list[SentMessage] = []


class CheckNumbers(Model):
    """The phone numbers to check."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    numbers: list[Annotated[str, Field(max_length=LONGEST)]] = Field(min_length=1, max_length=MOST_NUMBERS, repr=False)
    """Up to 50 phone numbers, as people write them."""
    region: str = DEFAULT_REGION
    """The country (two letters) of numbers without a country code."""

    @field_validator("region")
    @classmethod
    def _region(cls, region: str) -> str:
        return check_region(region)


class NumberCheck(Result):
    """The result for one number."""

    asked: str = Field(repr=False)
    """The number as the caller wrote it."""
    phone: str | None = Field(default=None, repr=False)
    """The number as E.164; None if it is not a phone number."""
    on_whatsapp: bool = False
    account: str | None = Field(default=None, repr=False)
    """The account's number as E.164. For an old Brazilian account it has one digit fewer than `phone`."""
    user: str | None = Field(default=None, repr=False)
    """The gateway's own id of the person, if it has one besides the number."""


class NumbersChecked(Result):
    """One row for each number, in the caller's order."""

    numbers: list[NumberCheck]


class Nothing(Model):
    """connection.status has no parameters."""


class LineStatus(Result):
    """Whether messages can be sent and received now."""

    ready: bool
    state: LinkState
    phone: str | None = Field(default=None, repr=False)
    """The account's own number as E.164."""
    name: str = Field(default="", repr=False)
    """The account's name, as its owner chose it."""


ACTIONS: Mapping[str, tuple[type[BaseModel], type[BaseModel], bool]] = {
    "messages.send_text": (SendText, SentMessage, False),
    "messages.send_media": (SendMedia, SentMessage, False),
    "messages.find": (FindMessages, MessagesFound, True),
    "numbers.check": (CheckNumbers, NumbersChecked, True),
    "connection.status": (Nothing, LineStatus, True),
}
"""Name → parameters, result, whether it is safe to repeat. A gateway without a message lookup has no messages.find."""
