"""What a user enters to connect: the URL, the secret for signing deliveries, extra headers."""

import re
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints, field_validator

from plugfn.definition import Model
from plugfn.errors import InvalidParams
from plugfn.net.url import Address, read_url
from plugfn.webhooks.standard import read_secret

MOST_REDIRECTS = 3

# Headers that a user may not set: they change how a request is read, or belong to the signature, or are for browsers.
_RESERVED = re.compile(
    r"(?:webhook-.*|proxy-.*|sec-.*|host|content-.*|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect"
    r"|accept-encoding|user-agent|cookie|forwarded|x-forwarded-.*|x-real-ip|x-http-method.*)",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[\x20-\x7e]{1,2000}")

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")]


class HttpAccess(Model):
    """The credentials of an HTTP connection."""

    url: str = Field(repr=False, max_length=2048)
    """The URL to call. It often contains a secret, so it is never shown."""
    secret: SecretStr | None = None
    """The secret (`whsec_…`) that signs deliveries. Without it, nothing can be delivered."""
    old_secrets: tuple[SecretStr, ...] = Field(default=(), max_length=4)
    """Earlier secrets that also sign deliveries, while the receiver changes to the new one."""
    headers: dict[Name, SecretStr] = Field(default={}, max_length=20)
    """Sent with every request to this URL's origin, and to no other."""
    redirects: int = Field(default=0, ge=0, le=MOST_REDIRECTS)
    """How many redirects to follow. By default a redirect is a failure, as Standard Webhooks recommends."""

    @field_validator("url")
    @classmethod
    def _a_url(cls, value: str) -> str:
        try:
            read_url(value)
        except InvalidParams as error:
            raise ValueError(error.problems[0].reason) from None
        return value

    @field_validator("secret", "old_secrets")
    @classmethod
    def _secrets(cls, value: SecretStr | tuple[SecretStr, ...] | None) -> SecretStr | tuple[SecretStr, ...] | None:
        secrets = value if isinstance(value, tuple) else (value,)
        for secret in secrets:
            if secret is not None:
                read_secret(secret.get_secret_value())
        return value

    @field_validator("headers")
    @classmethod
    def _no_reserved_name(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            if _RESERVED.fullmatch(name):
                raise ValueError(f"the header {name} is reserved: choose another name")
            if not _VALUE.fullmatch(secret.get_secret_value()):
                raise ValueError(f"the header {name} must be of 1 to 2000 printable ASCII characters")
        return value

    @property
    def address(self) -> Address:
        """The URL, parsed."""
        return read_url(self.url)

    @property
    def secrets(self) -> tuple[str, ...]:
        """All secrets that sign deliveries, the current one first."""
        current = () if self.secret is None else (self.secret,)
        return tuple(secret.get_secret_value() for secret in current + self.old_secrets)

    @property
    def hidden(self) -> tuple[str, ...]:
        """The values that a result must not contain."""
        return self.secrets + tuple(value.get_secret_value() for value in self.headers.values())
