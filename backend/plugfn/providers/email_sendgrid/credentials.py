"""What a user enters to connect SendGrid: an API key, a sender, and the public key that verifies its events."""

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
    """Reads the public key as SendGrid's settings page shows it: DER in base64. Raises ValueError."""
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is not a public key in base64") from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("is not a key of the curve P-256")
    return key


def _checked(text: str) -> str:
    public_key(text)
    return text


class SendGridCredentials(Sender):
    """An API key that may send mail (`mail.send`), and a verified sender."""

    api_key: SecretStr
    region: Literal["us", "eu"] = "us"
    """The account's region: `eu` for a subuser of the European region."""
    webhook_key: Annotated[str, Field(max_length=500), AfterValidator(_checked)] | None = None
    """The event webhook's verification key, from SendGrid's settings page. It is public, not a secret."""

    @field_validator("api_key")
    @classmethod
    def _api_key(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value()
        if not text.startswith("SG.") or not 20 <= len(text) <= 200 or not text.isascii() or not text.isprintable():
            raise ValueError("is not an API key of SendGrid: those begin with SG.")
        if " " in text:
            raise ValueError("contains a space")
        return key


class SendGridSettings(Settings):
    """The operator's settings. Here, `webhook_secrets` are public keys that verify events for every connection."""

    api_url: str | None = None
    """The URL of a proxy to use instead of SendGrid's API."""

    @field_validator("webhook_secrets")
    @classmethod
    def _public_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            public_key(key.get_secret_value())
        return keys
