"""The type of an error says what to do next.

    PonteError
    ├── Temporary       retry later; the error may say how long to wait
    │   └── Throttled   our own rate budget or breaker refused the call: this costs no attempt
    ├── NeedsUser       the user must act: reconnect, answer a second factor, renew a consent
    ├── Permanent       a retry cannot help: stop
    └── Unexpected      the answer breaks the contract: retry, and log an error

Configuration errors (a missing key, a wrong URL) are Django's ImproperlyConfigured. They are outside the tree, so code
that handles a PonteError cannot swallow them.
"""

from enum import StrEnum


class ErrorType(StrEnum):
    """The ten reliability types, which metrics and sync runs show."""

    CONNECTION_FAILURE = "connection_failure"
    BANK_MAINTENANCE = "bank_maintenance"
    RATE_LIMIT_EXCEEDED = "rate_limit_exceeded"
    AUTHENTICATION_ERROR = "authentication_error"
    INSTITUTION_ERROR = "institution_error"
    ITEM_ERROR = "item_error"
    PRODUCT_NOT_AVAILABLE = "product_not_available"
    INVALID_REQUEST = "invalid_request"
    INTERNAL_ERROR = "internal_error"
    UNKNOWN_ERROR = "unknown_error"


class PonteError(Exception):
    """Root of the tree. `code` is the vendor's code, if there is one. `message` holds no personal data."""

    default_type = ErrorType.UNKNOWN_ERROR

    def __init__(self, message: str, *, error_type: ErrorType | None = None, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.error_type = error_type or self.default_type
        self.code = code


class Temporary(PonteError):
    """Retry later: after `retry_after` seconds, if the other side named a time."""

    default_type = ErrorType.CONNECTION_FAILURE

    def __init__(
        self,
        message: str,
        *,
        error_type: ErrorType | None = None,
        code: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, error_type=error_type, code=code)
        self.retry_after = retry_after


class Throttled(Temporary):
    """No call was made: our own rate budget or circuit breaker asks to wait `retry_after` seconds."""

    default_type = ErrorType.RATE_LIMIT_EXCEEDED

    def __init__(
        self, message: str, *, retry_after: float, error_type: ErrorType | None = None, code: str = ""
    ) -> None:
        super().__init__(message, error_type=error_type, code=code, retry_after=retry_after)


class NeedsUser(PonteError):
    """Only the user can fix it."""

    default_type = ErrorType.AUTHENTICATION_ERROR


class Permanent(PonteError):
    """A retry cannot help."""

    default_type = ErrorType.INVALID_REQUEST


class Unexpected(PonteError):
    """The answer breaks the contract."""

    default_type = ErrorType.UNKNOWN_ERROR
