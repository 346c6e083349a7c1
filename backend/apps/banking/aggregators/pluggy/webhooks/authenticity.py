"""Whether a webhook comes from Pluggy: any one of the configured proofs will do, each compared in constant time.

- A secret in a header: what Pluggy really sends, the custom `headers` of POST /webhooks.
- An HMAC-SHA256 of the raw body: off unless PLUGGY_HMAC_SECRET is set, because most deliveries are not signed.
- A token in the path, for the `webhookUrl` of a single item, whose deliveries carry no headers: a MAC over the id of
  the membership the item belongs to, so nothing has to be stored or looked up.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self
from uuid import UUID

from django.conf import settings

from lib import crypto

_TOKEN_PURPOSE = "pluggy webhook path"  # noqa: S105 - names a use of the key
_TOKEN_SIZE = 16 + crypto.DIGEST_SIZE


@dataclass(frozen=True, slots=True, repr=False)
class Proofs:
    """The secrets of one application, and how they are sent. `application` is its name; path tokens hold for it alone.

    Of several secrets the first is the newest; all are accepted.
    """

    secrets: Sequence[str] = ()
    header: str = "Authorization"
    prefix: str = "Bearer "
    hmac_secrets: Sequence[str] = ()
    hmac_header: str = "X-Pluggy-Signature"
    hmac_encoding: str = "hex"
    hmac_prefix: str = ""
    application: str = ""

    @classmethod
    def from_settings(cls) -> Self:
        """Those of the application in the settings."""
        return cls(
            settings.PLUGGY_WEBHOOK_SECRETS,
            settings.PLUGGY_WEBHOOK_HEADER,
            settings.PLUGGY_WEBHOOK_PREFIX,
            settings.PLUGGY_HMAC_SECRETS,
            settings.PLUGGY_HMAC_HEADER,
            settings.PLUGGY_HMAC_ENCODING,
            settings.PLUGGY_HMAC_PREFIX,
        )

    @property
    def is_configured(self) -> bool:
        """Whether any secret is there to compare with."""
        return bool(self.secrets or self.hmac_secrets)

    @property
    def secret_header(self) -> dict[str, str]:
        """The header that Pluggy is to send, with the newest secret; empty without one."""
        return {self.header: self.prefix + self.secrets[0]} if self.secrets else {}


def is_authentic(proofs: Proofs, environ: Mapping[str, object], body: bytes, token: str | None) -> bool:
    """Whether one of the proofs holds. All are tried, so that the time taken says nothing about which.

    `environ`: the request's headers by their WSGI names (`HTTP_AUTHORIZATION`).
    """
    held = (
        _has_secret(proofs, str(environ.get(_wsgi_name(proofs.header), ""))),
        _has_signature(proofs, str(environ.get(_wsgi_name(proofs.hmac_header), "")), body),
        token is not None and read_path_token(token, proofs.application) is not None,
    )
    return any(held)


@lru_cache
def _wsgi_name(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


def _has_secret(proofs: Proofs, value: str) -> bool:
    return _matches_any(value, [proofs.prefix + secret for secret in proofs.secrets])


def _has_signature(proofs: Proofs, value: str, body: bytes) -> bool:
    signed = [proofs.hmac_prefix + sign(body, secret, proofs.hmac_encoding) for secret in proofs.hmac_secrets]
    return _matches_any(value, signed)


def _matches_any(value: str, expected: list[str]) -> bool:
    given = value.encode("utf-8", "surrogateescape")
    matches = [hmac.compare_digest(given, one.encode()) for one in expected]
    return any(matches)


def sign(body: bytes, secret: str, encoding: str = "hex") -> str:
    """The HMAC-SHA256 of a raw body, as `hex` or `base64` text."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(mac).decode() if encoding == "base64" else mac.hex()


def make_path_token(membership: UUID, application: str = "") -> str:
    """The secret part of the webhook URL of a membership's items."""
    mac = _path_mac(membership, application)
    return base64.urlsafe_b64encode(membership.bytes + mac).rstrip(b"=").decode()


def read_path_token(token: str, application: str = "") -> UUID | None:
    """The membership a token was made for; None for one that we did not make."""
    try:
        raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _TOKEN_SIZE:
        return None
    membership = UUID(bytes=raw[:16])
    return membership if hmac.compare_digest(raw[16:], _path_mac(membership, application)) else None


def _path_mac(membership: UUID, application: str) -> bytes:
    purpose = f"{_TOKEN_PURPOSE} of {application}" if application else _TOKEN_PURPOSE
    return crypto.digest(membership.bytes, purpose)
