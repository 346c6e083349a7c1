"""The signature of the event webhook: ECDSA on P-256 with SHA-256, over the timestamp and the raw body.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

import base64
import binascii
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256

from plugfn.errors import WebhookRejected
from plugfn.inbound import Inbound, Keys
from plugfn.providers.email_sendgrid.credentials import SendGridCredentials, public_key

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"

WINDOW = 600
"""Seconds that a timestamp may be off, either way. SendGrid names no tolerance."""

_STAMP = re.compile(r"\d{1,12}", re.ASCII)
LONGEST = 200


def verify(inbound: Inbound, keys: Keys) -> None:
    """Raises WebhookRejected unless a public key, the operator's or the connection's, proves the delivery."""
    known = [*keys.secrets]
    if isinstance(keys.credentials, SendGridCredentials) and keys.credentials.webhook_key:
        known.append(keys.credentials.webhook_key)
    if not known:
        raise WebhookRejected("no public key is known to verify it with", code="WEBHOOK_SECRET_NOT_FOUND")
    stamp = inbound.headers.get(TIMESTAMP, "")
    if not _STAMP.fullmatch(stamp) or abs(inbound.received_at.timestamp() - int(stamp)) > WINDOW:
        raise WebhookRejected("its timestamp is missing or too far off", code="WEBHOOK_TIMESTAMP_INVALID")
    signature = inbound.headers.get(SIGNATURE, "")
    if not any(proves(key, stamp, inbound.body, signature) for key in known):
        raise WebhookRejected("the signature is missing or wrong")


def proves(key: str, stamp: str, body: bytes, signature: str) -> bool:
    """Whether the signature (base64 of DER) is that key's, over the timestamp and the body."""
    try:
        given = base64.b64decode(signature[:LONGEST], validate=True)
        public_key(key).verify(given, stamp.encode() + body, ECDSA(SHA256()))
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True
