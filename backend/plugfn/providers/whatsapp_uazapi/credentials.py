"""What a user enters to connect: the URL of their gateway, and the token of their instance."""

import re
from ipaddress import ip_address

from pydantic import ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from plugfn.definition import Model
from plugfn.errors import InvalidParams
from plugfn.net.url import Address, read_url
from plugfn.providers.whatsapp_uazapi.vocabulary.phones import canonical

_TOKEN = re.compile(r"[\x21-\x7e]{8,512}")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~\-]+)*")


class UazapiInstance(Model):
    """One instance at a gateway. If `phone` or `instance_name` is set, webhooks of another one are rejected."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    base_url: str = Field(max_length=300)
    """`https://<subdomain>.uazapi.com`, or the URL of your own gateway."""
    token: SecretStr
    """The instance's token, not the administrator's."""
    phone: str | None = Field(default=None, max_length=40, repr=False)
    """The account's own phone number."""
    instance_name: str | None = Field(default=None, min_length=1, max_length=200)
    """The instance's name at the gateway."""

    @field_validator("base_url")
    @classmethod
    def _origin(cls, base_url: str) -> str:
        try:
            url = read_url(base_url.strip())
        except InvalidParams as error:
            raise _wrong("base_url", "; ".join(problem.reason for problem in error.problems)) from None
        path = url.path.rstrip("/").removesuffix("/v1")
        if url.query or not _PATH.fullmatch(path):
            raise _wrong("base_url", "must be the gateway's URL without a query")
        if url.scheme != "https" and not is_loopback(url):
            raise _wrong("base_url", "must begin with https://")
        return url.origin + path

    @field_validator("token")
    @classmethod
    def _printable(cls, token: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(token.get_secret_value()):
            raise _wrong("token", "is not an instance's token: 8 to 512 letters, digits or signs, without spaces")
        return token

    @field_validator("phone")
    @classmethod
    def _e164(cls, phone: str | None) -> str | None:
        return None if phone is None else canonical(phone)


def is_loopback(address: Address) -> bool:
    """Whether the address is this machine, so that http is safe. (The guard decides whether it may be called.)"""
    try:
        return ip_address(address.host).is_loopback
    except ValueError:
        return address.host == "localhost"


def _wrong(kind: str, reason: str) -> PydanticCustomError:
    return PydanticCustomError(kind, reason)
