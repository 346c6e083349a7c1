"""What GitHub's errors mean.

Source: https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api and, for the limits,
https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import re
import time
from typing import Any

from plugfn.errors import GiveUp, InvalidCall, MissingScope, NeedsReconnect, NotFound, RateLimited, Unexpected
from plugfn.net.answer import Answer, ErrorTable, Means
from plugfn.net.quota import quota_headers
from plugfn.net.retry_after import CAP_SECONDS, retry_after

SECONDARY_WAIT = 60.0
"""Seconds to wait when a secondary limit does not say how long."""

# Parts of the messages that GitHub sends with a 403, and our code for each reason; GitHub sends no codes there.
REASONS = (
    ("secondary rate limit", "secondary_rate_limit"),
    ("abuse detection", "secondary_rate_limit"),
    ("resource protected by organization saml", "sso_required"),
    ("resource not accessible by", "not_accessible"),
    ("oauth app access restrictions", "app_restricted"),
    ("api rate limit exceeded", "rate_limited"),
    ("been suspended", "suspended"),
    ("was suspended", "suspended"),
    ("was archived", "archived"),
)

_WORD = re.compile(r"(?!None$)[A-Za-z_]{1,40}")

CODES = {
    "bad_credentials": Means(NeedsReconnect, "GitHub no longer accepts this token: it was revoked, or it has expired."),
    "suspended": Means(NeedsReconnect, "GitHub has suspended the app's installation or the account."),
    "rate_limited": Means(RateLimited, "This account has used up its calls for this hour."),
    "secondary_rate_limit": Means(RateLimited, "Too many calls at once, or too much created in a short time."),
    "sso_required": Means(
        MissingScope, "The organization requires the user to authorize this app for its single sign-on."
    ),
    "not_accessible": Means(MissingScope, "The app does not have the permission that this action needs."),
    "app_restricted": Means(MissingScope, "An owner of the organization must approve this app first."),
    "archived": Means(GiveUp, "The repository is archived: it can only be read."),
    "missing": Means(InvalidCall, "The call names something that does not exist."),
    "missing_field": Means(InvalidCall, "A required field is missing."),
    "invalid": Means(InvalidCall, "GitHub does not accept a field's value."),
    "already_exists": Means(InvalidCall, "It already exists."),
    "unprocessable": Means(InvalidCall, "A field's value cannot be used."),
    "custom": Means(InvalidCall, "GitHub refuses the values, for a reason specific to this call."),
}

STATUSES = {
    301: Means(InvalidCall, "The repository was renamed or moved: use its current name."),
    302: Means(InvalidCall, "The repository is elsewhere: use its current name."),
    307: Means(InvalidCall, "The repository was renamed or moved: use its current name."),
    404: Means(NotFound, "It does not exist, or this account may not see it."),
    410: Means(InvalidCall, "The repository has this feature (for example issues) switched off, or it was deleted."),
    422: Means(InvalidCall, "GitHub does not accept a value, or too much was created in a short time."),
    451: Means(GiveUp, "The repository is not available for legal reasons."),
}


def read_code(answer: Answer) -> str | None:
    """Our code for the reason of an error. GitHub itself only sends codes for the fields of a 422."""
    if answer.ok:
        return None
    if answer.status in (403, 429):
        return _forbidden(answer)
    if answer.status == 401:
        return "bad_credentials"
    codes = [str(error.get("code")) for error in _errors(answer)] if answer.status == 422 else []
    return next((code for code in codes if code in CODES), None)


def _forbidden(answer: Answer) -> str | None:
    message = str(_document(answer).get("message", "")).lower()
    reason = next((code for part, code in REASONS if part in message), None)
    if reason is not None:
        return reason
    if answer.headers.get("x-github-sso", "").startswith("required"):
        return "sso_required"
    if answer.headers.get("x-ratelimit-remaining") == "0":
        return "rate_limited"
    return "secondary_rate_limit" if answer.status == 429 or "retry-after" in answer.headers else None


def read_wait(answer: Answer) -> float | None:
    """Seconds to wait: Retry-After, else until the limit resets, else a minute for a secondary limit."""
    asked = retry_after(answer.headers.get("retry-after"))
    if asked is not None:
        return asked
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        return min(max(int(reset[:15]) - time.time(), 1.0), CAP_SECONDS)
    return SECONDARY_WAIT if answer.status in (403, 429) else None


def read_detail(answer: Answer) -> str:
    """Which fields are wrong, or which scope or permission is missing. Never a value that was sent."""
    if answer.status == 422:
        wrong = [[str(error.get(part)) for part in ("resource", "field", "code")] for error in _errors(answer)[:5]]
        return ", ".join(f"{name[0]}.{name[1]} {name[2]}" for name in wrong if all(map(_WORD.fullmatch, name)))
    if answer.status == 404 and "x-oauth-scopes" in answer.headers:
        return _missing_scope(answer)
    wanted = answer.headers.get("x-accepted-github-permissions", "")
    return f"needs {wanted[:200]}" if answer.status == 403 and wanted else ""


def _missing_scope(answer: Answer) -> str:
    held = {scope.strip() for scope in answer.headers["x-oauth-scopes"].split(",")}
    wanted = {scope.strip() for scope in answer.headers.get("x-accepted-oauth-scopes", "").split(",")} - {""}
    return f"needs one of the scopes {', '.join(sorted(wanted))}" if wanted and not wanted & held else ""


def _errors(answer: Answer) -> list[dict[str, Any]]:
    errors = _document(answer).get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _document(answer: Answer) -> dict[str, Any]:
    try:
        return answer.document()
    except Unexpected:
        # Some refusals are plain text or an HTML page: then the status alone decides.
        return {}


TABLE = ErrorTable(
    codes=CODES,
    statuses=STATUSES,
    read=read_code,
    wait=read_wait,
    detail=read_detail,
    quota=quota_headers("x-ratelimit-remaining", "x-ratelimit-reset", "epoch"),
)
