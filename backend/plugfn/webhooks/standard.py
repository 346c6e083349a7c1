"""Standard Webhooks 1.0: signs what is sent, proves what is received. https://www.standardwebhooks.com

Signed is `id.timestamp.body` with HMAC-SHA256; the header carries one `v1,<base64>` for each secret, so that secrets
can be replaced without a gap. A secret is `whsec_` and the base64 of 24 to 64 bytes.
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
    """A secret of 32 random bytes."""
    return PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


def read_secret(text: str) -> bytes:
    """The key of a secret. Raises ValueError, without the secret."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"must be {PREFIX} and base64") from None
    if not text.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError(f"must be {PREFIX} and the base64 of 24 to 64 bytes")
    return key


def signed(secrets: Sequence[str], message_id: str, body: bytes, *, now: datetime | None = None) -> dict[str, str]:
    """The three headers of a delivery. `message_id` is the same in every attempt; it must not hold a full stop."""
    if not secrets or not _ID.fullmatch(message_id):
        raise ValueError("a delivery needs a secret, and an id of letters, digits, '_' and '-'")
    stamp = str(int((now or datetime.now(UTC)).timestamp()))
    signatures = " ".join(f"v1,{_signature(secret, message_id, stamp, body)}" for secret in secrets)
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signatures}


def verify(inbound: Inbound, secrets: Sequence[str]) -> str:
    """The id of a delivery that any of the secrets has signed within five minutes. Raises WebhookRejected."""
    if not secrets:
        raise WebhookRejected("no webhook secret is set", code="WEBHOOK_SECRET_NOT_FOUND")
    message_id, stamp = _required(inbound.headers, "webhook-id"), _required(inbound.headers, "webhook-timestamp")
    given = [one.encode() for one in _required(inbound.headers, "webhook-signature").split(" ")[:MOST_SIGNATURES]]
    if not _ID.fullmatch(message_id) or not _TIME.fullmatch(stamp):
        raise WebhookRejected("the signature's headers are malformed")
    expected = [f"v1,{_signature(secret, message_id, stamp, inbound.body)}".encode() for secret in secrets]
    # All are compared, so that the time taken does not tell which one was near.
    if not any([hmac.compare_digest(one, other) for one in expected for other in given]):  # noqa: C419
        raise WebhookRejected("the signature is not of any of our secrets")
    if abs(inbound.received_at.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        raise WebhookRejected("it is too old, or our clock is wrong", code="WEBHOOK_TOO_OLD")
    return message_id


def _signature(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    content = f"{message_id}.{stamp}.".encode() + body
    return base64.b64encode(hmac.digest(read_secret(secret), content, hashlib.sha256)).decode()


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value or not value.isascii():
        raise WebhookRejected(f"the header {name} is missing or malformed")
    return value
