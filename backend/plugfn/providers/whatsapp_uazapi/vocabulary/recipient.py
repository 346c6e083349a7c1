"""Whom a message goes to."""

from typing import Self

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from plugfn.definition import Model
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import DEFAULT_REGION, LONGEST, canonical, check_region

ID = r"^[A-Za-z0-9._:@\-]{1,128}$"


class Recipient(Model):
    """Exactly one of `to`, `group` and `user`. A group is never taken for a person, nor the other way round."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    to: str | None = Field(default=None, min_length=3, max_length=LONGEST, repr=False)
    """A phone number as people write it; becomes E.164."""
    group: str | None = Field(default=None, pattern=ID, repr=False)
    """The gateway's id of a group, as events give it."""
    user: str | None = Field(default=None, pattern=ID, repr=False)
    """The gateway's id of a person whose number is not shown, as events give it."""
    region: str = DEFAULT_REGION
    """The country of a number written without its country code."""

    @field_validator("region")
    @classmethod
    def _region(cls, region: str) -> str:
        return check_region(region)

    @field_validator("to")
    @classmethod
    def _no_address(cls, to: str | None) -> str | None:
        if to is not None and "@" in to:
            raise PydanticCustomError("phone", "is not a phone number: ids go into group or user")
        return to

    @model_validator(mode="after")
    def _one_recipient(self) -> Self:
        if sum(one is not None for one in (self.to, self.group, self.user)) != 1:
            raise PydanticCustomError("recipient", "name exactly one of to, group and user")
        if self.to is not None:
            self.to = canonical(self.to, self.region)
        return self


class Outgoing(Recipient):
    """What all messages have besides their content."""

    reply_to: str | None = Field(default=None, pattern=ID)
    """The id of the message that this one answers."""
    tracking: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._:\-]{8,64}$")
    """Your own id of this message, by which it can be found again. Default: the id of the call.

    Where the gateway can look messages up, one that went out under it before is not sent again. Of two calls at the
    same moment neither sees the other: an idempotency key keeps those apart."""
