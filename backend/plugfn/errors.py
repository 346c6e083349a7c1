"""The errors. Each says what to do next.

    PlugFnError
    ├── TryLater              RETRY      nothing was done, or repeating it does no harm; `retry_after`: how long to wait
    │   ├── RateLimited                  the vendor's limit or our own budget is used up
    │   ├── CircuitOpen                  the vendor's host keeps failing, so calls to it are blocked for a while
    │   └── Unavailable                  network or server trouble; with `maybe_done`, the vendor may have done it
    ├── NeedsReconnect        RECONNECT  the user must connect the account again
    │   └── MissingScope                 the connection works, but the user must first do something at the vendor
    ├── InvalidCall           FIX_CALL   the call is wrong: repeating it unchanged does not help
    │   ├── UnknownName                  no provider, action, event, workflow or field has this name (did you mean …?)
    │   ├── InvalidParams                parameters, credentials or a placeholder are wrong; `problems` lists them
    │   ├── NoConnection                 the user has no connection, or not this one
    │   ├── AmbiguousConnection          the user has several connections: give connection_id
    │   ├── IdempotencyConflict          the key was used for another call, or its first call is still running
    │   ├── InvalidState                 the OAuth state is unknown, expired, used, or another user's
    │   ├── Forbidden                    an address, a table or a statement that PlugFn refuses
    │   └── NotFound                     the vendor has no such object, or hides it from this account
    ├── WebhookRejected       GIVE_UP    a delivery whose sender is not proven
    ├── GiveUp                GIVE_UP    the vendor refuses, and a retry cannot help
    │   └── Unexpected                   the vendor's answer breaks its contract: report it to the developers
    └── OutcomeUnknown        CHECK      the request went out, no answer came: check whether it was done, then repeat

A wrong configuration (a missing secret, an unknown setting) raises ConfigurationError. It stays outside the tree, so
that no handler of PlugFnError can swallow it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, ClassVar


class Next(StrEnum):
    """What to do about an error: PlugFnError.next."""

    RETRY = "retry"
    RECONNECT = "reconnect"
    FIX_CALL = "fix_call"
    GIVE_UP = "give_up"
    CHECK = "check"


class ConfigurationError(Exception):
    """The program is configured wrongly. The message names settings, never their values."""


class PlugFnError(Exception):
    """Root of the tree. `message` has no secrets and no personal data; `code` is the vendor's code, if there is one."""

    next: ClassVar[Next] = Next.GIVE_UP
    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, *, code: str = "", provider: str = "", action: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.provider = provider
        self.action = action
        self.call_id = ""
        """The id of the call that raised it, as in the action log."""

    def as_dict(self) -> dict[str, Any]:
        """What an API or a log may show: error, code, next, message, provider, action, call_id."""
        shown = {"error": type(self).__name__, "code": self.code, "next": str(self.next), "message": self.message}
        named = {"provider": self.provider, "action": self.action, "call_id": self.call_id}
        return shown | {name: value for name, value in named.items() if value}


class TryLater(PlugFnError):
    """Try again later: nothing was done, or repeating it does no harm. `retry_after`: seconds, None when unknown."""

    next = Next.RETRY
    default_code = "try_later"

    def __init__(self, message: str, *, retry_after: float | None = None, **named: str) -> None:
        super().__init__(message, **named)
        self.retry_after = retry_after

    def as_dict(self) -> dict[str, Any]:
        """As for every error, with retry_after if it is known."""
        wait = {} if self.retry_after is None else {"retry_after": round(self.retry_after, 3)}
        return super().as_dict() | wait


class RateLimited(TryLater):
    """The vendor's limit, or our own budget for it, is used up."""

    default_code = "rate_limited"


class CircuitOpen(TryLater):
    """The vendor's host failed several times in a row: calls to it are blocked until `retry_after`."""

    default_code = "circuit_open"


class Unavailable(TryLater):
    """The network or the vendor's server fails. `maybe_done`: the request was sent, so it may have been done."""

    default_code = "unavailable"

    def __init__(
        self, message: str, *, maybe_done: bool = False, retry_after: float | None = None, **named: str
    ) -> None:
        super().__init__(message, retry_after=retry_after, **named)
        self.maybe_done = maybe_done


class NeedsReconnect(PlugFnError):
    """Only the user can repair it, by connecting again. The connection is marked and not used until then."""

    next = Next.RECONNECT
    default_code = "needs_reauth"


class MissingScope(NeedsReconnect):
    """The user must first do something at the vendor: grant a scope, link a phone. The connection stays usable."""

    default_code = "missing_scope"


class InvalidCall(PlugFnError):
    """The call is wrong: repeating it unchanged does not help."""

    next = Next.FIX_CALL
    default_code = "invalid_call"


class UnknownName(InvalidCall):
    """No provider, action, event, workflow, run, field or setting has this name."""

    default_code = "unknown_name"

    @classmethod
    def among(cls, kind: str, name: str, known: Sequence[str] | Mapping[str, Any], **named: str) -> "UnknownName":
        """An error that suggests the nearest known name, or lists the known names when none is near."""
        return cls(f"no {kind} is called {name[:80]!r}: {suggestion(name, list(known))}", **named)


class UnknownAttribute(UnknownName, AttributeError):
    """An UnknownName raised by attribute access, so that hasattr and copy work as usual."""


def suggestion(name: str, known: Sequence[str]) -> str:
    """'did you mean x?', or the list of known names."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"use one of {', '.join(sorted(known))}" if known else "there are none"


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: `field` is a dotted path. Never holds the wrong value."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}" if self.field else self.reason


class InvalidParams(InvalidCall):
    """Parameters, credentials or settings of a call are wrong. `problems` says where and why, without the values."""

    default_code = "invalid_params"

    def __init__(self, message: str, *, problems: Sequence[Problem] = (), **named: str) -> None:
        details = "; ".join(str(problem) for problem in problems)
        super().__init__(f"{message}: {details}" if details else message, **named)
        self.problems = tuple(problems)

    def as_dict(self) -> dict[str, Any]:
        """As for every error, with `problems`."""
        listed = [{"field": problem.field, "reason": problem.reason} for problem in self.problems]
        return super().as_dict() | {"problems": listed}


class NoConnection(InvalidCall):
    """The user has no such connection. Another user's connection is reported in the same way."""

    default_code = "no_connection"


class AmbiguousConnection(InvalidCall):
    """The user has several connections and the call does not say which one: give connection_id."""

    default_code = "ambiguous_connection"


class IdempotencyConflict(InvalidCall):
    """The idempotency key was used for another call, or its first call is still running."""

    default_code = "idempotency_conflict"


class InvalidState(InvalidCall):
    """An OAuth state that is unknown, expired, already used, or another user's."""

    default_code = "invalid_state"


class Forbidden(InvalidCall):
    """PlugFn refuses: a private address, a table that is not allowed, a statement that could write."""

    default_code = "forbidden"


class NotFound(InvalidCall):
    """The vendor has no such object, or hides it from this account."""

    default_code = "not_found"


class WebhookRejected(PlugFnError):
    """A delivery that is not stored or handled. `status` is the HTTP status for its sender."""

    default_code = "WEBHOOK_SIGNATURE_INVALID"

    def __init__(self, message: str, *, status: int = 401, **named: str) -> None:
        super().__init__(message, **named)
        self.status = status


class GiveUp(PlugFnError):
    """The vendor refuses, and a retry cannot help."""

    default_code = "refused"


class Unexpected(GiveUp):
    """The vendor's answer breaks its contract."""

    default_code = "unexpected_answer"


class OutcomeUnknown(PlugFnError):
    """The request was sent and no answer came. Check whether it was done before repeating it."""

    next = Next.CHECK
    default_code = "outcome_unknown"
