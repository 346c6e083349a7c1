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
"""The most seconds that a timestamp may be before or after ours. SendGrid does not document a tolerance."""

_STAMP = re.compile(r"\d{1,12}", re.ASCII)
LONGEST = 200


def verify(inbound: Inbound, keys: Keys) -> None:
    """Raises WebhookRejected unless a public key, the operator's or the connection's, verifies the delivery."""
    public_keys = [*keys.secrets]
    if isinstance(keys.credentials, SendGridCredentials) and keys.credentials.webhook_key:
        public_keys.append(keys.credentials.webhook_key)
    if not public_keys:
        raise WebhookRejected(
            "there is no public key to verify the delivery: set webhook_key", code="WEBHOOK_SECRET_NOT_FOUND"
        )
    stamp = inbound.headers.get(TIMESTAMP, "")
    if not _STAMP.fullmatch(stamp) or abs(inbound.received_at.timestamp() - int(stamp)) > WINDOW:
        raise WebhookRejected("the timestamp is missing, too old or in the future", code="WEBHOOK_TIMESTAMP_INVALID")
    signature = inbound.headers.get(SIGNATURE, "")
    if not any(proves(key, stamp, inbound.body, signature) for key in public_keys):
        raise WebhookRejected("the signature is missing or wrong")


def proves(key: str, stamp: str, body: bytes, signature: str) -> bool:
    """Whether the signature (DER in base64) over timestamp and body was made with this public key's private key."""
    try:
        decoded = base64.b64decode(signature[:LONGEST], validate=True)
        public_key(key).verify(decoded, stamp.encode() + body, ECDSA(SHA256()))
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True
