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
"""Seconds to wait at a secondary limit that names no time."""

# How the messages of 403 tell their reasons apart; GitHub gives them no code.
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
    "bad_credentials": Means(NeedsReconnect, "GitHub no longer accepts this token: it was revoked, or it has ended."),
    "suspended": Means(NeedsReconnect, "The installation or the account has been suspended."),
    "rate_limited": Means(RateLimited, "The calls of this hour are used up."),
    "secondary_rate_limit": Means(RateLimited, "Too many calls at once, or too much made in a short time."),
    "sso_required": Means(
        MissingScope, "The organization asks that the user authorizes this app for its single sign-on."
    ),
    "not_accessible": Means(MissingScope, "The app has not been given the permission that this needs."),
    "app_restricted": Means(MissingScope, "An owner of the organization must approve this app first."),
    "archived": Means(GiveUp, "The repository is archived: it can only be read."),
    "missing": Means(InvalidCall, "Something that the call names does not exist."),
    "missing_field": Means(InvalidCall, "A field that must be given is missing."),
    "invalid": Means(InvalidCall, "A field's value is not acceptable."),
    "already_exists": Means(InvalidCall, "There is one already."),
    "unprocessable": Means(InvalidCall, "A field's value cannot be used."),
    "custom": Means(InvalidCall, "GitHub refuses the values, for a reason of this call's own."),
}

STATUSES = {
    301: Means(InvalidCall, "The repository was renamed or moved: call it by its present name."),
    302: Means(InvalidCall, "The repository is elsewhere: call it by its present name."),
    307: Means(InvalidCall, "The repository was renamed or moved: call it by its present name."),
    404: Means(NotFound, "There is no such thing, or this account may not see it."),
    410: Means(InvalidCall, "This is switched off in the repository (as issues can be), or gone."),
    422: Means(InvalidCall, "A value is not acceptable, or too much of this was made in a short time."),
    451: Means(GiveUp, "The repository is not available for legal reasons."),
}


def read_code(answer: Answer) -> str | None:
    """A code for the reason of an error. GitHub itself gives codes to the fields of a 422 only."""
    if answer.ok:
        return None
    if answer.status in (403, 429):
        return _forbidden(answer)
    if answer.status == 401:
        return "bad_credentials"
    found = [str(one.get("code")) for one in _errors(answer)] if answer.status == 422 else []
    return next((code for code in found if code in CODES), None)


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
    """Seconds: Retry-After, else until the limit begins anew, else a minute for a secondary limit."""
    asked = retry_after(answer.headers.get("retry-after"))
    if asked is not None:
        return asked
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        return min(max(int(reset[:15]) - time.time(), 1.0), CAP_SECONDS)
    return SECONDARY_WAIT if answer.status in (403, 429) else None


def read_detail(answer: Answer) -> str:
    """Which fields are wrong, or which scope or permission would do. Never what was sent."""
    if answer.status == 422:
        wrong = [[str(one.get(part)) for part in ("resource", "field", "code")] for one in _errors(answer)[:5]]
        return ", ".join(f"{one[0]}.{one[1]} {one[2]}" for one in wrong if all(map(_WORD.fullmatch, one)))
    if answer.status == 404 and "x-oauth-scopes" in answer.headers:
        return _unseen(answer)
    wanted = answer.headers.get("x-accepted-github-permissions", "")
    return f"needs {wanted[:200]}" if answer.status == 403 and wanted else ""


def _unseen(answer: Answer) -> str:
    held = {scope.strip() for scope in answer.headers["x-oauth-scopes"].split(",")}
    wanted = {scope.strip() for scope in answer.headers.get("x-accepted-oauth-scopes", "").split(",")} - {""}
    return f"needs one of the scopes {', '.join(sorted(wanted))}" if wanted and not wanted & held else ""


def _errors(answer: Answer) -> list[dict[str, Any]]:
    found = _document(answer).get("errors")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _document(answer: Answer) -> dict[str, Any]:
    try:
        return answer.document()
    except Unexpected:
        # Some refusals are plain text or a page; their status says enough.
        return {}


TABLE = ErrorTable(
    codes=CODES,
    statuses=STATUSES,
    read=read_code,
    wait=read_wait,
    detail=read_detail,
    quota=quota_headers("x-ratelimit-remaining", "x-ratelimit-reset", "epoch"),
)
