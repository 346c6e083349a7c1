"""What a user enters to connect an SMTP server. RFC 5321, 3207 (STARTTLS), 8314 (TLS from the first byte)."""

import ssl
from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from plugfn.definition import Settings
from plugfn.mail.address import ascii_domain
from plugfn.mail.line import Line, one_line
from plugfn.mail.sender import Sender


def _host(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return ascii_domain(text)


class SmtpCredentials(Sender):
    """A server and its login. Leave username and password empty for a server that needs no login."""

    host: Annotated[str, Field(max_length=253), AfterValidator(_host)]
    port: int = Field(default=587, ge=1, le=65535)
    username: Line = Field(default="", repr=False)
    password: SecretStr = Field(default=SecretStr(""), max_length=1000)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls`: usual on port 587. `tls`: usual on port 465. `none`: only for a server on this machine."""
    timeout: float = Field(default=20.0, ge=1, le=120)
    """The most seconds that one step of the SMTP dialogue may take."""

    @model_validator(mode="after")
    def _login(self) -> Self:
        password = one_line(self.password.get_secret_value())
        if bool(self.username) != bool(password):
            raise ValueError("needs both username and password, or neither")
        return self


class SmtpSettings(Settings):
    """The operator's settings for all connections."""

    ca_file: str | None = None
    """A PEM file of authorities to trust instead of the system's, for servers with your own certificates."""
    allow_plaintext: bool = False
    """Allow `security: none` to other machines. Messages and passwords can then be read on the way."""

    @field_validator("ca_file")
    @classmethod
    def _readable(cls, path: str | None) -> str | None:
        try:
            ssl.create_default_context(cafile=path)
        except OSError:
            raise ValueError("is not a readable PEM file of certificates") from None
        return path
