"""The errors that answer one question: what next?

    PlugFnError
    ├── TryLater              RETRY      nothing was done; `retry_after` says how long to wait, when that is known
    │   ├── RateLimited                  the vendor's limit or our own budget is used up
    │   ├── CircuitOpen                  the vendor's host keeps failing and is left in peace for a while
    │   └── Unavailable                  network or server trouble; `maybe_done` when it may have been done all the same
    ├── NeedsReconnect        RECONNECT  the user must connect the account again
    │   └── MissingScope                 the connection lives on, but the user must first allow or do something there
    ├── InvalidCall           FIX_CALL   the call is wrong: the same call can never succeed
    │   ├── UnknownName                  no such provider, action, event, workflow, field … (did you mean …?)
    │   ├── InvalidParams                parameters, credentials or a placeholder are wrong; `problems` lists where
    │   ├── NoConnection                 the user has none, or not this one
    │   ├── AmbiguousConnection          the user has several: name one
    │   ├── IdempotencyConflict          the same key was used for another call, or its first call is still running
    │   ├── InvalidState                 an OAuth state that is unknown, expired, used, or of another user
    │   ├── Forbidden                    an address, a table or a statement that this library refuses to touch
    │   └── NotFound                     the vendor knows no such thing, or does not show it to this account
    ├── WebhookRejected       GIVE_UP    a delivery that does not prove where it comes from
    ├── GiveUp                GIVE_UP    the vendor refuses, and trying again cannot help
    │   └── Unexpected                   the vendor's answer breaks its contract: tell the developers
    └── OutcomeUnknown        CHECK      the request went out, no answer came: look whether it was done, then repeat

A wrong configuration (a missing secret, an unknown setting) is ConfigurationError and stays outside the tree, so that
nothing that handles a PlugFnError can swallow it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, ClassVar


class Next(StrEnum):
    """What to do about an error."""

    RETRY = "retry"
    RECONNECT = "reconnect"
    FIX_CALL = "fix_call"
    GIVE_UP = "give_up"
    CHECK = "check"


class ConfigurationError(Exception):
    """The program is set up wrongly. Names settings, never their values."""


class PlugFnError(Exception):
    """Root of the tree. `message` holds no secret and no personal data; `code` is the vendor's own, if any."""

    next: ClassVar[Next] = Next.GIVE_UP
    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, *, code: str = "", provider: str = "", action: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.provider = provider
        self.action = action
        self.call_id = ""
        """Of the call that raised it, as in the action log."""

    def as_dict(self) -> dict[str, Any]:
        """What an API or a log may show: error, code, next, message, provider, action, call_id."""
        shown = {"error": type(self).__name__, "code": self.code, "next": str(self.next), "message": self.message}
        named = {"provider": self.provider, "action": self.action, "call_id": self.call_id}
        return shown | {name: value for name, value in named.items() if value}


class TryLater(PlugFnError):
    """Nothing was done. `retry_after` is in seconds, None when nobody named a time."""

    next = Next.RETRY
    default_code = "try_later"

    def __init__(self, message: str, *, retry_after: float | None = None, **named: str) -> None:
        super().__init__(message, **named)
        self.retry_after = retry_after

    def as_dict(self) -> dict[str, Any]:
        """As for every error, with retry_after where it is known."""
        wait = {} if self.retry_after is None else {"retry_after": round(self.retry_after, 3)}
        return super().as_dict() | wait


class RateLimited(TryLater):
    """The vendor's limit, or our own budget for it, is used up."""

    default_code = "rate_limited"


class CircuitOpen(TryLater):
    """The vendor's host has failed several times in a row and is left in peace."""

    default_code = "circuit_open"


class Unavailable(TryLater):
    """The network or the vendor's server fails. `maybe_done`: bytes went out, so it may have been done all the same."""

    default_code = "unavailable"

    def __init__(
        self, message: str, *, maybe_done: bool = False, retry_after: float | None = None, **named: str
    ) -> None:
        super().__init__(message, retry_after=retry_after, **named)
        self.maybe_done = maybe_done


class NeedsReconnect(PlugFnError):
    """Only the user can mend it, by connecting again. The connection is marked and not used until then."""

    next = Next.RECONNECT
    default_code = "needs_reauth"


class MissingScope(NeedsReconnect):
    """The user must act at the vendor first: grant what is missing, link a phone. The connection lives on meanwhile."""

    default_code = "missing_scope"


class InvalidCall(PlugFnError):
    """The same call can never succeed."""

    next = Next.FIX_CALL
    default_code = "invalid_call"


class UnknownName(InvalidCall):
    """There is nothing of that name."""

    default_code = "unknown_name"

    @classmethod
    def among(cls, kind: str, name: str, known: Sequence[str] | Mapping[str, Any], **named: str) -> "UnknownName":
        """An error that suggests the nearest of the known names, or lists them when none is near."""
        return cls(f"no {kind} is called {name[:80]!r}: {suggestion(name, list(known))}", **named)


class UnknownAttribute(UnknownName, AttributeError):
    """An UnknownName met by attribute access, so that hasattr and copy work as everywhere in Python."""


def suggestion(name: str, known: Sequence[str]) -> str:
    """'did you mean x?', or what there is."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(sorted(known))}" if known else "there are none"


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: `field` is a dotted path. Never holds the wrong value itself."""

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
        """As for every error, with the problems."""
        listed = [{"field": problem.field, "reason": problem.reason} for problem in self.problems]
        return super().as_dict() | {"problems": listed}


class NoConnection(InvalidCall):
    """The user has no such connection. Another user's is answered the same."""

    default_code = "no_connection"


class AmbiguousConnection(InvalidCall):
    """The user has several connections and the call names none."""

    default_code = "ambiguous_connection"


class IdempotencyConflict(InvalidCall):
    """The idempotency key belongs to another call, or to one that is still running."""

    default_code = "idempotency_conflict"


class InvalidState(InvalidCall):
    """An OAuth state that is unknown, expired, used before, or of another user."""

    default_code = "invalid_state"


class Forbidden(InvalidCall):
    """This library refuses: a private address, a table that is not allowed, a statement that could write."""

    default_code = "forbidden"


class NotFound(InvalidCall):
    """The vendor knows no such thing, or does not show it to this account."""

    default_code = "not_found"


class WebhookRejected(PlugFnError):
    """A delivery that is not stored or handled. `status` is what its sender is answered."""

    default_code = "WEBHOOK_SIGNATURE_INVALID"

    def __init__(self, message: str, *, status: int = 401, **named: str) -> None:
        super().__init__(message, **named)
        self.status = status


class GiveUp(PlugFnError):
    """The vendor refuses, and trying again cannot help."""

    default_code = "refused"


class Unexpected(GiveUp):
    """The vendor's answer breaks its contract."""

    default_code = "unexpected_answer"


class OutcomeUnknown(PlugFnError):
    """The request went out and no answer came. Find out whether it was done before repeating it."""

    next = Next.CHECK
    default_code = "outcome_unknown"
