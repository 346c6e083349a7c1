"""What a user gives to connect: the address, the secret that deliveries are signed with, headers of their own."""

import re
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints, field_validator

from plugfn.definition import Model
from plugfn.errors import InvalidParams
from plugfn.net.url import Address, read_url
from plugfn.webhooks.standard import read_secret

MOST_REDIRECTS = 3

# Names that decide how a request is read, or that the signature uses; `cookie` is no way to authenticate a program.
_TAKEN = re.compile(
    r"(?:webhook-.*|proxy-.*|sec-.*|host|content-.*|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect"
    r"|accept-encoding|user-agent|cookie|forwarded|x-forwarded-.*|x-real-ip|x-http-method.*)",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[\x20-\x7e]{1,2000}")

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")]


class HttpAccess(Model):
    """The credentials of a connection."""

    url: str = Field(repr=False, max_length=2048)
    """Where to call. Often holds a secret of its own, so it is shown nowhere."""
    secret: SecretStr | None = None
    """`whsec_…`, which deliveries are signed with. Without one nothing is delivered."""
    old_secrets: tuple[SecretStr, ...] = Field(default=(), max_length=4)
    """Secrets that deliveries are also signed with, while the receiver changes to the new one."""
    headers: dict[Name, SecretStr] = Field(default={}, max_length=20)
    """Sent with every request to this address, and to no other."""
    redirects: int = Field(default=0, ge=0, le=MOST_REDIRECTS)
    """How many redirects are followed. A redirect is a failure by default, as Standard Webhooks recommends."""

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
        given = value if isinstance(value, tuple) else (value,)
        for secret in given:
            if secret is not None:
                read_secret(secret.get_secret_value())
        return value

    @field_validator("headers")
    @classmethod
    def _no_taken_name(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            if _TAKEN.fullmatch(name):
                raise ValueError(f"the header {name} cannot be chosen")
            if not _VALUE.fullmatch(secret.get_secret_value()):
                raise ValueError(f"the header {name} must be of 1 to 2000 printable ASCII characters")
        return value

    @property
    def address(self) -> Address:
        """The URL in parts."""
        return read_url(self.url)

    @property
    def secrets(self) -> tuple[str, ...]:
        """All secrets to sign with, the present one first."""
        present = () if self.secret is None else (self.secret,)
        return tuple(secret.get_secret_value() for secret in present + self.old_secrets)

    @property
    def hidden(self) -> tuple[str, ...]:
        """What must not come back in a result."""
        return self.secrets + tuple(value.get_secret_value() for value in self.headers.values())
