"""Requests and responses, independent of the web framework."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plugfn.errors import (
    AmbiguousConnection,
    Forbidden,
    IdempotencyConflict,
    InvalidCall,
    InvalidParams,
    NeedsReconnect,
    NoConnection,
    NotFound,
    OutcomeUnknown,
    PlugFnError,
    Problem,
    RateLimited,
    TryLater,
    UnknownName,
)

JSON = "application/json"
MOST_JSON = 1_048_576


@dataclass(frozen=True)
class Request:
    """A request. `path` is relative to the adapter's mount point and begins with a slash; header names are lower-case.

    `native` is the framework's own request, which the `auth` function gets."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    native: Any = field(default=None, repr=False)

    def document(self) -> dict[str, Any]:
        """The body as a JSON object; {} for an empty body. Raises InvalidParams.

        The content type must be JSON: another site's form cannot send that, so it cannot use the user's cookie."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != JSON:
            raise _unreadable(f"content-type must be {JSON}")
        try:
            read = json.loads(self.body or b"{}", parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise _unreadable("is not JSON") from None
        if not isinstance(read, dict):
            raise _unreadable("is not a JSON object")
        return read


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unreadable(reason: str) -> InvalidParams:
    return InvalidParams("the body cannot be read", problems=[Problem("", reason)])


@dataclass(frozen=True)
class Response:
    """What to answer."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def reply(document: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer, which caches must not store."""
    return written(json.dumps(document, ensure_ascii=False), status, **headers)


def written(text: str, status: int = 200, **headers: str) -> Response:
    """A JSON answer from JSON text."""
    return Response(status, text.encode(), JSON, {"cache-control": "no-store", **headers})


def redirect(location: str) -> Response:
    """Redirect a browser."""
    return Response(302, b"", "text/plain", {"location": location, "cache-control": "no-store"})


# The first match counts, so a subclass comes before its base class.
STATUSES: tuple[tuple[type[PlugFnError], int], ...] = (
    (InvalidParams, 422),
    (UnknownName, 404),
    (NoConnection, 404),
    (NotFound, 404),
    (AmbiguousConnection, 409),
    (IdempotencyConflict, 409),
    (Forbidden, 403),
    (InvalidCall, 400),
    (NeedsReconnect, 409),
    (RateLimited, 429),
    (TryLater, 503),
    (OutcomeUnknown, 504),
    (PlugFnError, 502),
)


def failure(error: PlugFnError) -> Response:
    """An error as an answer: {"error": {…}}, with the error's as_dict."""
    status = next(status for kind, status in STATUSES if isinstance(error, kind))
    wait = getattr(error, "retry_after", None)
    headers = {} if wait is None else {"retry-after": str(max(1, round(wait)))}
    return reply({"error": error.as_dict()}, status, **headers)


def refusal(status: int, code: str, message: str, **headers: str) -> Response:
    """An answer for a request that never reaches the library: the user is not logged in, the path is unknown."""
    shown = {"error": "Refused", "code": code, "next": "fix_call", "message": message}
    return reply({"error": shown}, status, **headers)


TOO_LARGE = refusal(413, "too_large", "The request is too large.")
BROKEN_OFF = refusal(400, "broken_off", "The request ended before its body did.")
