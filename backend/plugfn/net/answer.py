"""A vendor's answer, and the table that maps its errors to ours."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from plugfn.errors import (
    GiveUp,
    InvalidCall,
    NeedsReconnect,
    NotFound,
    PlugFnError,
    RateLimited,
    TryLater,
    Unavailable,
    Unexpected,
)
from plugfn.net.quota import Read, no_quota
from plugfn.net.retry_after import retry_after

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Answer:
    """A vendor's answer with its whole body; the reader has limited its size. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    def json(self) -> Any:
        """The body as JSON. Raises Unexpected."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Unexpected("the answer is not JSON", code="not_json") from error

    def document(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Unexpected."""
        document = self.json()
        if not isinstance(document, dict):
            raise Unexpected("the answer is not a JSON object", code="not_an_object")
        return document

    def read(self, model: type[M]) -> M:
        """The body as `model`. Raises Unexpected, whose message names the fields, not their values."""
        return read_as(model, self.json())

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


def read_as(model: type[M], document: Any) -> M:
    """A part of an answer as `model`. Raises Unexpected, whose message names the fields, not their values."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        where = ", ".join(".".join(str(part) for part in problem["loc"]) for problem in error.errors()[:5])
        raise Unexpected(f"fields of the answer are missing or malformed: {where}", code="wrong_shape") from error


@dataclass(frozen=True)
class Means:
    """A row of an error table: the error to raise for a code or a status, and its meaning for people."""

    error: type[PlugFnError]
    meaning: str


STATUSES: Mapping[int, Means] = {
    400: Means(InvalidCall, "The request is malformed or a value is wrong."),
    401: Means(NeedsReconnect, "The credentials are no longer accepted."),
    403: Means(GiveUp, "The account is not allowed to do this."),
    404: Means(NotFound, "It does not exist, or the account may not see it."),
    405: Means(InvalidCall, "The method is not allowed at this address."),
    408: Means(Unavailable, "The vendor waited too long for the request."),
    409: Means(InvalidCall, "It conflicts with something that exists."),
    410: Means(NotFound, "It was removed for good."),
    413: Means(InvalidCall, "The request is too large."),
    415: Means(InvalidCall, "The content type is not accepted."),
    422: Means(InvalidCall, "A value is not accepted."),
    429: Means(RateLimited, "Too many requests."),
    500: Means(Unavailable, "The vendor's server failed; it may have acted."),
    502: Means(Unavailable, "The vendor's gateway failed; it may have acted."),
    503: Means(Unavailable, "The vendor is overloaded or in maintenance."),
    504: Means(Unavailable, "The vendor's gateway waited too long; it may have acted."),
}
"""What a status means unless the provider's table has a row for it."""

UNREADABLE = frozenset({"not_json", "not_an_object", "encoding", "too_big"})
"""Codes of Unexpected for answers that cannot be read at all. With any other code the vendor did answer, with an error
that is not in the table."""

REFUSED_BEFORE_ACTING = frozenset({408, 429, 503})


def no_code(_answer: Answer) -> str | None:
    """For vendors whose errors have no codes."""
    return None


def no_detail(_answer: Answer) -> str:
    """For vendors whose errors have nothing beyond their code."""
    return ""


@dataclass(frozen=True)
class ErrorTable:
    """What a vendor's errors mean. Unknown ones become Unexpected, or Unavailable when the status is 5xx.

    `read` returns the vendor's error code in an answer of any status, or None; then the status alone decides.
    The table looks up `codes` first, then `statuses`, then the common meanings of statuses.
    """

    codes: Mapping[str, Means] = field(default_factory=dict)
    statuses: Mapping[int, Means] = field(default_factory=dict)
    read: Callable[[Answer], str | None] = no_code
    wait: Callable[[Answer], float | None] = lambda answer: retry_after(answer.headers.get("retry-after"))
    """Seconds that an answer asks us to wait, if it does."""
    detail: Callable[[Answer], str] = no_detail
    """What an answer adds to the meaning, for people: a missing scope, a wrong field. Never a value that was sent."""
    quota: Read = no_quota
    """What an answer, successful or not, says about the vendor's rate limit: see `quota_headers`."""

    def check(self, answer: Answer) -> None:
        """Raises the answer's error; returns when it has none."""
        code = self._code(answer)
        if code is None and answer.ok:
            return
        raise self._error(answer, code)

    def _code(self, answer: Answer) -> str | None:
        try:
            return self.read(answer)
        except Unexpected:
            # An HTML page from a gateway instead of the vendor's JSON: its status says what it means.
            if answer.ok:
                raise
            return None

    def _detail(self, answer: Answer) -> str:
        try:
            return self.detail(answer)
        except Unexpected:
            return ""

    def _error(self, answer: Answer, code: str | None) -> PlugFnError:
        row = self.codes.get(code or "") or self.statuses.get(answer.status) or STATUSES.get(answer.status)
        known_code = code or f"http_{answer.status}"
        if row is None and answer.status >= 500:
            row = Means(Unavailable, "The vendor's server failed; it may have acted.")
        if row is None:
            message = f"the vendor answered {answer.status} with an error that is not in the table"
            return Unexpected(message, code=known_code)
        detail = self._detail(answer)
        message = f"{row.meaning} ({detail})" if detail else row.meaning
        if issubclass(row.error, Unavailable):
            # The server had begun to act when it found an error within a 200 (such as Slack's internal_error).
            maybe_done = answer.ok or (answer.status >= 500 and answer.status not in REFUSED_BEFORE_ACTING)
            return row.error(message, maybe_done=maybe_done, retry_after=self.wait(answer), code=known_code)
        if issubclass(row.error, TryLater):
            return row.error(message, retry_after=self.wait(answer), code=known_code)
        return row.error(message, code=known_code)
