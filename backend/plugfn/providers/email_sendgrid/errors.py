"""What SendGrid's errors mean: {"errors": [{"message", "field", "help"}]}, without codes of their own.

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
"""How messages tell reasons of one status apart."""

CODES = {
    "invalid_key": Means(NeedsReconnect, "SendGrid does not accept this API key: it is wrong, or was deleted."),
    "missing_scope": Means(MissingScope, "The API key may not do this: it needs the permission mail.send."),
    "sender_not_verified": Means(GiveUp, "The sender is not verified at SendGrid (Sender Authentication)."),
    # With status 401, though the key is good: a connection must not be given up for it.
    "credits_exceeded": Means(RateLimited, "The messages of this plan are used up for now."),
    "too_many_requests": Means(RateLimited, "Too many requests: the limit of this period is used up."),
}

STATUSES = {
    400: Means(InvalidCall, "SendGrid refuses a value."),
    401: Means(NeedsReconnect, "SendGrid does not accept this API key."),
    403: Means(GiveUp, "SendGrid does not let this account send: under review, suspended, or blocked for a while."),
    406: Means(Unexpected, "SendGrid does not like how it was asked."),
    413: Means(InvalidCall, "The message is too big: SendGrid takes 30 MB with its attachments."),
    429: Means(RateLimited, "Too many requests: the limit of this period is used up."),
}

FIELD = re.compile(r"[a-z_]{1,40}(\.[a-z_]{1,40}|\.\d{1,4}){0,6}")


def read_code(answer: Answer) -> str | None:
    """A code of ours for the reason."""
    if answer.ok or answer.status >= 500:
        return None
    said = " ".join(str(one.get("message", "")) for one in _errors(answer)).lower()
    return next((code for part, code in REASONS if part in said), None)


def read_wait(answer: Answer) -> float | None:
    """Seconds: Retry-After, else until the period begins anew."""
    asked = retry_after(answer.headers.get("retry-after"))
    quota = QUOTA(answer.headers)
    if asked is not None or quota is None or quota.remaining:
        return asked
    return min(max(quota.reset_after, 1.0), CAP_SECONDS)


def read_detail(answer: Answer) -> str:
    """Which fields are wrong. Never what was sent."""
    fields = [str(one.get("field")) for one in _errors(answer)[:5]] if answer.status == 400 else []
    return ", ".join(field for field in fields if field != "None" and FIELD.fullmatch(field))


def _errors(answer: Answer) -> list[dict[str, Any]]:
    try:
        found = answer.document().get("errors")
    except Unexpected:
        # A gateway's page: the status says enough.
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


TABLE = ErrorTable(codes=CODES, statuses=STATUSES, read=read_code, wait=read_wait, detail=read_detail, quota=QUOTA)
