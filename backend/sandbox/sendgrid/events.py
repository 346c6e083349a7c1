"""The event webhook: what SendGrid reports about a message, and its signature."""

import base64
import json
import secrets
import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
PRIVATE = 0x53656E64477269642069732065_6D756C61746564
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


class Signer:
    """A key pair. `public_key`: base64 of the DER, as SendGrid's settings page shows it."""

    def __init__(self) -> None:
        # Always the same one, so that what verifies its signatures still does after a restart.
        self._key = ec.derive_private_key(PRIVATE, ec.SECP256R1())
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = base64.b64encode(der).decode()

    def headers(self, body: bytes, timestamp: str | None = None) -> dict[str, str]:
        """The headers of a delivery: an ECDSA signature of the timestamp and the body."""
        stamp = timestamp or str(int(time.time()))
        signature = self._key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        encoded = base64.b64encode(signature).decode()
        return {"Content-Type": "application/json", SIGNATURE: encoded, TIMESTAMP: stamp}


def fill(fields: dict[str, Any], mails: list[dict[str, Any]]) -> dict[str, Any]:
    """An event with what SendGrid adds to it: ids, the time, the recipient, the custom arguments."""
    event = dict(fields)
    mail = next((one for one in mails if one["message_id"] == event.pop("message_id", None)), None)
    made = {"timestamp": int(time.time()), "sg_event_id": secrets.token_urlsafe(16)}
    if mail is not None:
        made["email"] = mail["body"]["personalizations"][0]["to"][0]["email"]
        made["sg_message_id"] = f"{mail['message_id']}.recvd-canary-5b8f-abcde-1-6740-0.0"
        made["smtp-id"] = f"<{mail['message_id']}@geopod-ismtpd-1>"
        made |= mail["body"].get("custom_args", {})
    return made | event


def serialise(events: list[dict[str, Any]]) -> bytes:
    """Serialise events as SendGrid does: an array with one event a line."""
    lines = ",\r\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    return f"[{lines}]\r\n".encode()
