"""Who connects to SendGrid: an API key, a sender, and the public key that its events are signed with."""

import base64
from functools import lru_cache
from typing import Annotated, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import AfterValidator, Field, SecretStr, field_validator

from plugfn.definition import Settings
from plugfn.mail.sender import Sender


@lru_cache(maxsize=256)
def public_key(text: str) -> EllipticCurvePublicKey:
    """The key that SendGrid's settings page shows: base64 of its DER. Raises ValueError."""
    try:
        found = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is not a public key in base64") from None
    if not isinstance(found, EllipticCurvePublicKey) or not isinstance(found.curve, SECP256R1):
        raise ValueError("is not a key of the curve P-256")
    return found


def _checked(text: str) -> str:
    public_key(text)
    return text


class SendGridCredentials(Sender):
    """An API key with the permission to send mail (`mail.send`), and a verified sender."""

    api_key: SecretStr
    region: Literal["us", "eu"] = "us"
    """`eu` for a subuser of the European region."""
    webhook_key: Annotated[str, Field(max_length=500), AfterValidator(_checked)] | None = None
    """The verification key of the event webhook's settings page, where it is signed. Public."""

    @field_validator("api_key")
    @classmethod
    def _is_one(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value()
        if not text.startswith("SG.") or not 20 <= len(text) <= 200 or not text.isascii() or not text.isprintable():
            raise ValueError("is not an API key: it begins with SG.")
        if " " in text:
            raise ValueError("has a space in it")
        return key


class SendGridSettings(Settings):
    """What the operator decides. `webhook_secrets` are public keys here, believed for every connection."""

    api_url: str | None = None
    """Instead of SendGrid's own: a proxy."""

    @field_validator("webhook_secrets")
    @classmethod
    def _are_keys(cls, given: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for one in given:
            public_key(one.get_secret_value())
        return given
