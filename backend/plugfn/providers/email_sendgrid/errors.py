"""What SendGrid's errors mean. They are {"errors": [{"message", "field", "help"}]}, without codes.

Source: https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/errors and …/rate-limits
"""

import re
from typing import Any

from plugfn.errors import GiveUp, InvalidCall, MissingScope, NeedsReconnect, RateLimited, Unexpected
from plugfn.net.answer import Answer, ErrorTable, Means
from plugfn.net.quota import quota_headers
from plugfn.net.retry_after import CAP_SECONDS, retry_after

QUOTA = quota_headers("x-ratelimit-remaining", "x-ratelimit-reset", "epoch")

REASONS = (
    ("maximum credits exceeded", "credits_exceeded"),
    ("verified sender identity", "sender_not_verified"),
    ("access forbidden", "missing_scope"),
    ("authorization grant is invalid", "invalid_key"),
    ("too many requests", "too_many_requests"),
)
"""Parts of the messages that distinguish the reasons of one status, and our code for each."""

CODES = {
    "invalid_key": Means(NeedsReconnect, "SendGrid does not accept this API key: it is wrong, or it was deleted."),
    "missing_scope": Means(MissingScope, "The API key may not do this: it needs the permission mail.send."),
    "sender_not_verified": Means(GiveUp, "The sender's address is not verified at SendGrid (Sender Authentication)."),
    # SendGrid answers this with status 401 although the key is valid, so the connection must stay active.
    "credits_exceeded": Means(RateLimited, "The account has used up its plan's messages for now."),
    "too_many_requests": Means(RateLimited, "Too many requests: this period's limit is used up."),
}

STATUSES = {
    400: Means(InvalidCall, "SendGrid does not accept a value."),
    401: Means(NeedsReconnect, "SendGrid does not accept this API key."),
    403: Means(GiveUp, "SendGrid does not let this account send: under review, suspended, or temporarily blocked."),
    406: Means(Unexpected, "SendGrid does not accept the request's Accept header."),
    413: Means(InvalidCall, "The message is too big: with attachments, SendGrid accepts up to 30 MB."),
    429: Means(RateLimited, "Too many requests: this period's limit is used up."),
}

FIELD = re.compile(r"[a-z_]{1,40}(\.[a-z_]{1,40}|\.\d{1,4}){0,6}")


def read_code(answer: Answer) -> str | None:
    """Our code for the reason of an error."""
    if answer.ok or answer.status >= 500:
        return None
    messages = " ".join(str(error.get("message", "")) for error in _errors(answer)).lower()
    return next((code for part, code in REASONS if part in messages), None)


def read_wait(answer: Answer) -> float | None:
    """Seconds to wait: Retry-After, else until the next period begins."""
    seconds = retry_after(answer.headers.get("retry-after"))
    quota = QUOTA(answer.headers)
    if seconds is not None or quota is None or quota.remaining:
        return seconds
    return min(max(quota.reset_after, 1.0), CAP_SECONDS)


def read_detail(answer: Answer) -> str:
    """Which fields are wrong. Never a value that was sent."""
    fields = [str(error.get("field")) for error in _errors(answer)[:5]] if answer.status == 400 else []
    return ", ".join(field for field in fields if field != "None" and FIELD.fullmatch(field))


def _errors(answer: Answer) -> list[dict[str, Any]]:
    try:
        errors = answer.document().get("errors")
    except Unexpected:
        # A gateway's HTML page: then the status alone decides.
        return []
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


TABLE = ErrorTable(codes=CODES, statuses=STATUSES, read=read_code, wait=read_wait, detail=read_detail, quota=QUOTA)
