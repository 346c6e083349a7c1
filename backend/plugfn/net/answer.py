"""What a vendor answered, and the table that says what its errors mean."""

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
    """A vendor's answer, read whole (its size is capped by who read it). `headers` have lower-case names."""

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
        read = self.json()
        if not isinstance(read, dict):
            raise Unexpected("the answer is not a JSON object", code="not_an_object")
        return read

    def read(self, model: type[M]) -> M:
        """The body as `model`. Raises Unexpected, which names the fields and not their values."""
        return read_as(model, self.json())

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


def read_as(model: type[M], found: Any) -> M:
    """A part of an answer as `model`. Raises Unexpected, which names the fields and not their values."""
    try:
        return model.model_validate(found)
    except ValidationError as error:
        where = ", ".join(".".join(str(part) for part in problem["loc"]) for problem in error.errors()[:5])
        raise Unexpected(f"the answer lacks or garbles: {where}", code="wrong_shape") from error


@dataclass(frozen=True)
class Means:
    """One row of an error table: the error to raise for a code or a status, and what it means, for people."""

    error: type[PlugFnError]
    meaning: str


STATUSES: Mapping[int, Means] = {
    400: Means(InvalidCall, "The request is malformed or a value is wrong."),
    401: Means(NeedsReconnect, "The credentials are no longer accepted."),
    403: Means(GiveUp, "The account may not do this."),
    404: Means(NotFound, "There is no such thing, or the account may not see it."),
    405: Means(InvalidCall, "The request is not one that this address takes."),
    408: Means(Unavailable, "The vendor waited too long for the request."),
    409: Means(InvalidCall, "It conflicts with what is there already."),
    410: Means(NotFound, "It is gone for good."),
    413: Means(InvalidCall, "The request is too big."),
    415: Means(InvalidCall, "The content is of a type that is not accepted."),
    422: Means(InvalidCall, "A value is not acceptable."),
    429: Means(RateLimited, "Too many requests."),
    500: Means(Unavailable, "The vendor's server failed; it may have acted."),
    502: Means(Unavailable, "The vendor's gateway failed; it may have acted."),
    503: Means(Unavailable, "The vendor is overloaded or in maintenance."),
    504: Means(Unavailable, "The vendor's gateway waited too long; it may have acted."),
}
"""What a status means unless a provider's table knows better."""

UNREADABLE = frozenset({"not_json", "not_an_object", "encoding", "too_big"})
"""Codes of Unexpected by which an answer says nothing; by any other it is a refusal, though one not known yet."""

REFUSED_BEFORE_ACTING = frozenset({408, 429, 503})


def no_code(_answer: Answer) -> str | None:
    """For vendors whose errors carry no code of their own."""
    return None


def no_detail(_answer: Answer) -> str:
    """For vendors whose errors say nothing more than their code."""
    return ""


@dataclass(frozen=True)
class ErrorTable:
    """What a vendor's errors mean. Closed by default: an unknown status or code is Unexpected (5xx: Unavailable).

    `read` finds the vendor's code in an answer, also in one of status 200; None means that there is no error in it
    beyond its status. `codes` is asked first, then `statuses`, then the statuses common to all.
    """

    codes: Mapping[str, Means] = field(default_factory=dict)
    statuses: Mapping[int, Means] = field(default_factory=dict)
    read: Callable[[Answer], str | None] = no_code
    wait: Callable[[Answer], float | None] = lambda answer: retry_after(answer.headers.get("retry-after"))
    """Seconds that an answer asks us to wait, if it does."""
    detail: Callable[[Answer], str] = no_detail
    """What an answer adds to the meaning, for people: a missing scope, a wrong field. Never a value that was sent."""
    quota: Read = no_quota
    """What any answer, also a good one, says about the vendor's rate limit: see `quota_headers`."""

    def check(self, answer: Answer) -> None:
        """Raises what the answer's error means; returns when it has none."""
        code = self._code(answer)
        if code is None and answer.ok:
            return
        raise self._error(answer, code)

    def _code(self, answer: Answer) -> str | None:
        try:
            return self.read(answer)
        except Unexpected:
            # A gateway's page of HTML instead of the vendor's JSON: then its status says what it means.
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
        named = code or f"http_{answer.status}"
        if row is None and answer.status >= 500:
            row = Means(Unavailable, "The vendor's server failed; it may have acted.")
        if row is None:
            return Unexpected(f"the vendor answered {answer.status} with an error that is not in the table", code=named)
        detail = self._detail(answer)
        message = f"{row.meaning} ({detail})" if detail else row.meaning
        if issubclass(row.error, Unavailable):
            # An error within 200 (Slack's internal_error) was met by a server that had begun.
            maybe_done = answer.ok or (answer.status >= 500 and answer.status not in REFUSED_BEFORE_ACTING)
            return row.error(message, maybe_done=maybe_done, retry_after=self.wait(answer), code=named)
        if issubclass(row.error, TryLater):
            return row.error(message, retry_after=self.wait(answer), code=named)
        return row.error(message, code=named)
