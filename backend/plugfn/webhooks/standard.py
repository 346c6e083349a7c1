"""Standard Webhooks 1.0: signs outgoing deliveries, verifies incoming ones. https://www.standardwebhooks.com

The signature is HMAC-SHA256 over `id.timestamp.body`. The header has one `v1,<base64>` for each secret, so that a
secret can be replaced without an interruption. A secret is `whsec_` and the base64 of 24 to 64 bytes.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as randomness
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from plugfn.errors import WebhookRejected
from plugfn.inbound import Inbound

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
MOST_SIGNATURES = 20

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)


def new_secret() -> str:
    """A new secret of 32 random bytes."""
    return PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


def read_secret(text: str) -> bytes:
    """The key of a secret. Raises ValueError, whose message does not contain the secret."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"must be {PREFIX} and base64") from None
    if not text.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError(f"must be {PREFIX} and the base64 of 24 to 64 bytes")
    return key


def signed(secrets: Sequence[str], message_id: str, body: bytes, *, now: datetime | None = None) -> dict[str, str]:
    """The three headers of a delivery. `message_id` is the same in every attempt, and has no full stop."""
    if not secrets or not _ID.fullmatch(message_id):
        raise ValueError("a delivery needs a secret, and an id of letters, digits, '_' and '-'")
    stamp = str(int((now or datetime.now(UTC)).timestamp()))
    signatures = " ".join(f"v1,{_signature(secret, message_id, stamp, body)}" for secret in secrets)
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signatures}


def verify(inbound: Inbound, secrets: Sequence[str]) -> str:
    """The id of a delivery that one of the secrets signed in the last five minutes. Raises WebhookRejected."""
    if not secrets:
        raise WebhookRejected("no webhook secret is set", code="WEBHOOK_SECRET_NOT_FOUND")
    message_id, stamp = _required(inbound.headers, "webhook-id"), _required(inbound.headers, "webhook-timestamp")
    received = [part.encode() for part in _required(inbound.headers, "webhook-signature").split(" ")[:MOST_SIGNATURES]]
    if not _ID.fullmatch(message_id) or not _TIME.fullmatch(stamp):
        raise WebhookRejected("the signature's headers are malformed")
    expected = [f"v1,{_signature(secret, message_id, stamp, inbound.body)}".encode() for secret in secrets]
    # Compares all of them, so that the time taken does not reveal which one was close.
    if not any([hmac.compare_digest(ours, theirs) for ours in expected for theirs in received]):  # noqa: C419
        raise WebhookRejected("none of our secrets made this signature")
    if abs(inbound.received_at.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        raise WebhookRejected("the delivery is too old, or our clock is wrong", code="WEBHOOK_TOO_OLD")
    return message_id


def _signature(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    content = f"{message_id}.{stamp}.".encode() + body
    return base64.b64encode(hmac.digest(read_secret(secret), content, hashlib.sha256)).decode()


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value or not value.isascii():
        raise WebhookRejected(f"the header {name} is missing or malformed")
    return value
