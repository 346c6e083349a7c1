"""The recipient of a message."""

from typing import Self

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from plugfn.definition import Model
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import DEFAULT_REGION, LONGEST, canonical, check_region

ID = r"^[A-Za-z0-9._:@\-]{1,128}$"


class Recipient(Model):
    """Set exactly one of `to`, `group` and `user`, so that a group is never confused with a person."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    to: str | None = Field(default=None, min_length=3, max_length=LONGEST, repr=False)
    """The recipient's phone number, as people write it."""
    group: str | None = Field(default=None, pattern=ID, repr=False)
    """The gateway's id of a group, from an event."""
    user: str | None = Field(default=None, pattern=ID, repr=False)
    """The gateway's id of a person whose number is hidden, from an event."""
    region: str = DEFAULT_REGION
    """The country (two letters) of a number without a country code."""

    @field_validator("region")
    @classmethod
    def _region(cls, region: str) -> str:
        return check_region(region)

    @field_validator("to")
    @classmethod
    def _no_address(cls, to: str | None) -> str | None:
        if to is not None and "@" in to:
            raise PydanticCustomError("phone", "is not a phone number: pass an id as group or user")
        return to

    @model_validator(mode="after")
    def _one_recipient(self) -> Self:
        if sum(one is not None for one in (self.to, self.group, self.user)) != 1:
            raise PydanticCustomError("recipient", "set exactly one of to, group and user")
        if self.to is not None:
            self.to = canonical(self.to, self.region)
        return self


class Outgoing(Recipient):
    """The parameters that all messages have."""

    reply_to: str | None = Field(default=None, pattern=ID)
    """The id of the message that this one replies to."""
    tracking: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._:\-]{8,64}$")
    """Your own id of this message, to look it up later. Default: the id of the call.

    If the gateway can look up messages, a message that was already sent with this id is not sent again. This does not
    work for two calls at the same moment: use an idempotency key for those."""
