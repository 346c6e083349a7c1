"""The answers of the door: who may retry, in the form that every error of Ponte has."""

import math
import time
from datetime import UTC, datetime
from functools import lru_cache

from lib.doorway import Answer
from lib.error_shape import error_body
from plugfn.errors import WebhookRejected
from plugfn.inbound import Reply

# Status: the outcome for the log and the metric, the code and the text for the sender.
_REFUSALS = {
    400: ("malformed", "INVALID_PAYLOAD", "The webhook is malformed."),
    401: ("unauthorized", "INVALID_SIGNATURE", "Nothing proves who sent the webhook."),
    404: ("unknown", "NOT_FOUND", "There is no such webhook address."),
    405: ("method_not_allowed", "METHOD_NOT_ALLOWED", "Webhooks are sent by POST."),
    413: ("too_large", "TOO_LARGE", "The webhook is too large."),
    415: ("not_json", "INVALID_PAYLOAD", "The webhook is not JSON."),
    429: ("limited", "RATE_LIMIT_EXCEEDED", "Too many webhooks. Send it again later."),
    503: ("unavailable", "PROCESSING_FAILED", "The webhook could not be stored. Send it again."),
}


class Refusal(Exception):
    """The delivery is refused with this answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def accepted(outcome: str, event: str) -> Answer:
    """All of its events are stored, now or before."""
    return Answer(200, outcome, event, _processed_at(int(time.time())))


@lru_cache(maxsize=1)
def _processed_at(second: int) -> bytes:
    moment = datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z")
    return f'{{"success": true, "processed_at": "{moment}"}}'.encode()


def handshake(reply: Reply, event: str) -> Answer:
    """What the vendor wants to read before it sends events."""
    return Answer(reply.status, "handshake", event, reply.body, reply.content_type)


def refusal(status: int, outcome: str = "", text: str = "", **headers: str) -> Refusal:
    """A refusal to raise. `outcome` and `text` say more than the status does."""
    usual, code, usual_text = _REFUSALS[status]
    return Refusal(Answer(status, outcome or usual, content=error_body(text or usual_text, code), headers=headers))


def too_many(wait: float) -> Refusal:
    """The sender has to wait so many seconds."""
    return refusal(429, **{"Retry-After": str(math.ceil(wait))})


def rejected(error: WebhookRejected) -> Refusal:
    """What PlugFn says of a delivery."""
    if error.code == "WEBHOOK_SECRET_NOT_FOUND":
        return refusal(503, "not_configured", "No secret is set with which the webhook could be proved.")
    return refusal(error.status) if error.status in _REFUSALS else refusal(400)
