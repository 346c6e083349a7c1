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
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings

from lib import crypto

_TOKEN_PURPOSE = "pluggy webhook path"  # noqa: S105 - names a use of the key
_TOKEN_SIZE = 16 + crypto.DIGEST_SIZE


def is_configured() -> bool:
    """Whether any secret is there to compare with."""
    return bool(settings.PLUGGY_WEBHOOK_SECRETS or settings.PLUGGY_HMAC_SECRETS)


def is_authentic(environ: Mapping[str, Any], body: bytes, token: str | None) -> bool:
    """Whether one of the proofs holds. All are tried, so that the time taken says nothing about which.

    `environ`: the request's headers by their WSGI names (`HTTP_AUTHORIZATION`).
    """
    proofs = (
        _has_secret(environ.get(_wsgi_name(settings.PLUGGY_WEBHOOK_HEADER), "")),
        _has_signature(environ.get(_wsgi_name(settings.PLUGGY_HMAC_HEADER), ""), body),
        token is not None and read_path_token(token) is not None,
    )
    return any(proofs)


@lru_cache
def _wsgi_name(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


def _has_secret(value: str) -> bool:
    given = value.encode("utf-8", "surrogateescape")
    expected = [(settings.PLUGGY_WEBHOOK_PREFIX + secret).encode() for secret in settings.PLUGGY_WEBHOOK_SECRETS]
    return _matches_any(given, expected)


def _has_signature(value: str, body: bytes) -> bool:
    if not settings.PLUGGY_HMAC_SECRETS:
        return False
    given = value.encode("utf-8", "surrogateescape")
    expected = [
        (settings.PLUGGY_HMAC_PREFIX + sign(body, secret, settings.PLUGGY_HMAC_ENCODING)).encode()
        for secret in settings.PLUGGY_HMAC_SECRETS
    ]
    return _matches_any(given, expected)


def _matches_any(given: bytes, expected: list[bytes]) -> bool:
    matches = [hmac.compare_digest(given, one) for one in expected]
    return any(matches)


def sign(body: bytes, secret: str, encoding: str = "hex") -> str:
    """The HMAC-SHA256 of a raw body, as `hex` or `base64` text."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(mac).decode() if encoding == "base64" else mac.hex()


def make_path_token(membership: UUID) -> str:
    """The secret part of the webhook URL of a membership's items."""
    mac = crypto.digest(membership.bytes, _TOKEN_PURPOSE)
    return base64.urlsafe_b64encode(membership.bytes + mac).rstrip(b"=").decode()


def read_path_token(token: str) -> UUID | None:
    """The membership a token was made for; None for one that we did not make."""
    try:
        raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _TOKEN_SIZE:
        return None
    membership = UUID(bytes=raw[:16])
    genuine = hmac.compare_digest(raw[16:], crypto.digest(membership.bytes, _TOKEN_PURPOSE))
    return membership if genuine else None
