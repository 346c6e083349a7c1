"""Check that a webhook comes from Pluggy. One valid proof is enough; each is compared in constant time.

- A secret in a header. Pluggy sends the custom `headers` of POST /webhooks.
- An HMAC-SHA256 of the raw body. It is off unless PLUGGY_HMAC_SECRET is set, because most deliveries are not signed.
- A token in the path, for the `webhookUrl` of a single item, whose deliveries have no custom headers. The token has a
  membership's id and a MAC of it, so Ponte stores no tokens. It proves webhooks about that member's items alone.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings

from lib import crypto

_TOKEN_PURPOSE = "pluggy webhook path"  # noqa: S105 - names a use of the key
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_TOKEN_SIZE = 16 + crypto.DIGEST_SIZE


@dataclass(frozen=True, slots=True, repr=False)
class Proofs:
    """The secrets of one application, and how Pluggy sends them. Path tokens are valid only for this `application`.

    Ponte accepts each of several secrets; the first is the newest.
    """

    secrets: tuple[str, ...] = ()
    header: str = "Authorization"
    prefix: str = "Bearer "
    hmac_secrets: tuple[str, ...] = ()
    hmac_header: str = "X-Pluggy-Signature"
    hmac_encoding: str = "hex"
    hmac_prefix: str = ""
    application: str = ""

    @staticmethod
    def from_settings() -> "Proofs":
        """The proofs of the application in the settings. They are cached, because the door needs them every time."""
        return _proofs(
            tuple(settings.PLUGGY_WEBHOOK_SECRETS),
            settings.PLUGGY_WEBHOOK_HEADER,
            settings.PLUGGY_WEBHOOK_PREFIX,
            tuple(settings.PLUGGY_HMAC_SECRETS),
            settings.PLUGGY_HMAC_HEADER,
            settings.PLUGGY_HMAC_ENCODING,
            settings.PLUGGY_HMAC_PREFIX,
        )

    @property
    def is_configured(self) -> bool:
        """Whether any secret is set."""
        return bool(self.secrets or self.hmac_secrets)

    @property
    def secret_header(self) -> dict[str, str]:
        """The header that Pluggy must send, with the newest secret; empty without a secret."""
        return {self.header: self.prefix + self.secrets[0]} if self.secrets else {}

    def signature_in(self, environ: Mapping[str, object]) -> str:
        """The signature that the request bears; empty if it bears none, or if no secret is set to check it with."""
        return str(environ.get(_wsgi_name(self.hmac_header), "")) if self.hmac_secrets else ""


@lru_cache(maxsize=4)
def _proofs(*values: Any) -> Proofs:
    return Proofs(*values)


def is_authentic(proofs: Proofs, environ: Mapping[str, object], body: bytes | None, token: str | None) -> bool:
    """Whether one of the proofs is valid. It checks all of them, so the time does not reveal which one is valid.

    `environ` holds the request's headers by their WSGI names (`HTTP_AUTHORIZATION`). Without a `body` no signature is
    checked.
    """
    results = (
        *_proofs_of_all(proofs, environ, body),
        token is not None and read_path_token(token, proofs.application) is not None,
    )
    return any(results)


def only_member(proofs: Proofs, environ: Mapping[str, object], body: bytes, token: str) -> UUID | None:
    """The membership in the token, if the token is the only valid proof."""
    return None if any(_proofs_of_all(proofs, environ, body)) else read_path_token(token, proofs.application)


def _proofs_of_all(proofs: Proofs, environ: Mapping[str, object], body: bytes | None) -> tuple[bool, bool]:
    """The results of the proofs that count for all items: the secret, and the signature."""
    return (
        _has_secret(proofs, str(environ.get(_wsgi_name(proofs.header), ""))),
        body is not None and _has_signature(proofs, proofs.signature_in(environ), body),
    )


@lru_cache
def _wsgi_name(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


def _has_secret(proofs: Proofs, value: str) -> bool:
    return _matches_any(value, [proofs.prefix + secret for secret in proofs.secrets])


def _has_signature(proofs: Proofs, value: str, body: bytes) -> bool:
    if not value:
        return False
    signed = [proofs.hmac_prefix + sign(body, secret, proofs.hmac_encoding) for secret in proofs.hmac_secrets]
    return _matches_any(value, signed)


def _matches_any(value: str, expected: list[str]) -> bool:
    received = value.encode("utf-8", "surrogateescape")
    matches = [hmac.compare_digest(received, text.encode()) for text in expected]
    return any(matches)


def sign(body: bytes, secret: str, encoding: str = "hex") -> str:
    """The HMAC-SHA256 of a raw body, as `hex` or `base64` text."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(mac).decode() if encoding == "base64" else mac.hex()


def make_path_token(membership: UUID, application: str = "") -> str:
    """The secret part of the webhook URL for a membership's items. It names the application, unless it has no name."""
    newest = _path_macs(membership, application)[0]
    secret = base64.urlsafe_b64encode(membership.bytes + newest).rstrip(b"=").decode()
    return f"{application}.{secret}" if application else secret


def named_in(token: str) -> str:
    """The application that a token names, which any sender can write; empty for the one of the settings."""
    name = token.rpartition(".")[0]
    return name if _NAME.fullmatch(name) else ""


def read_path_token(token: str, application: str = "") -> UUID | None:
    """The membership for which Ponte made the token; None if Ponte did not make it for this application."""
    name, _, token = token.rpartition(".")
    if name != application:
        return None
    try:
        raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _TOKEN_SIZE:
        return None
    membership = UUID(bytes=raw[:16])
    matches = [hmac.compare_digest(raw[16:], mac) for mac in _path_macs(membership, application)]
    return membership if any(matches) else None


def _path_macs(membership: UUID, application: str) -> tuple[bytes, ...]:
    purpose = f"{_TOKEN_PURPOSE} of {application}" if application else _TOKEN_PURPOSE
    return crypto.token_macs(membership.bytes, purpose)
