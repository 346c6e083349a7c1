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
    if isinstance(error, CircuitOpen) or (isinstance(error, RateLimited) and error.code == OWN_BUDGET):
        return Throttled(text, retry_after=error.retry_after or SOON, code=error.code)
    if isinstance(error, RateLimited):
        limit = ErrorType.RATE_LIMIT_EXCEEDED
        return Temporary(text, error_type=limit, code=error.code, retry_after=error.retry_after)
    if isinstance(error, TryLater):
        return Temporary(text, code=error.code, retry_after=error.retry_after)
    if isinstance(error, NeedsReconnect):
        return NeedsUser(text, code=error.code)
    if isinstance(error, InvalidCall):
        return Permanent(text, code=error.code)
    if isinstance(error, Broken):
        return Unexpected(text, code=error.code)
    return Permanent(text, error_type=ErrorType.INSTITUTION_ERROR, code=error.code)
