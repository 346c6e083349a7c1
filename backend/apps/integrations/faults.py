"""PlugFn's errors as Ponte's: their type says what to do next, their code what to tell the person."""

from lib.errors import ErrorType, NeedsUser, Permanent, PonteError, Temporary, Throttled, Unexpected
from plugfn.calls.limits import OWN_BUDGET
from plugfn.errors import (
    CircuitOpen,
    InvalidCall,
    NeedsReconnect,
    PlugFnError,
    RateLimited,
    TryLater,
)
from plugfn.errors import Unexpected as Broken

# Seconds to wait for our own budget or breaker if they do not say.
SOON = 1.0


def as_ponte(error: PlugFnError) -> PonteError:
    """The error of lib.errors. PlugFn's messages hold no secret and no personal data."""
    text = str(error)
    if isinstance(error, TryLater):
        return _temporary(error, text)
    if isinstance(error, NeedsReconnect):
        return NeedsUser(text, code=error.code)
    if isinstance(error, Broken):
        return Unexpected(text, code=error.code)
    kind = ErrorType.INVALID_REQUEST if isinstance(error, InvalidCall) else ErrorType.INSTITUTION_ERROR
    return Permanent(text, error_type=kind, code=error.code)


def _temporary(error: TryLater, text: str) -> Temporary:
    if isinstance(error, CircuitOpen) or (isinstance(error, RateLimited) and error.code == OWN_BUDGET):
        return Throttled(text, retry_after=error.retry_after or SOON, code=error.code)
    limit = ErrorType.RATE_LIMIT_EXCEEDED if isinstance(error, RateLimited) else None
    return Temporary(text, error_type=limit, code=error.code, retry_after=error.retry_after)
