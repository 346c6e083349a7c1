"""The errors of integrations as the API says them: one table from PlugFn's and Ponte's errors to status and code."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.api.errors import Refused
from lib.errors import NeedsUser, Permanent
from plugfn import errors as plugfn

_Answer = tuple[int, str, Promise]

_NOT_FOUND: _Answer = (404, "INTEGRATION_NOT_FOUND", _("The client has no such integration."))
_DISABLED: _Answer = (409, "INTEGRATION_DISABLED", _("The integration is paused. Resume it first."))
_REFUSED_LOGIN: _Answer = (409, "INVALID_CREDENTIALS", _("The service refuses these credentials. Connect again."))
_FAILED: _Answer = (503, "CONNECTION_FAILED", _("The service cannot be reached now. Try again later."))
_UNKNOWN: _Answer = (
    502,
    "OUTCOME_UNKNOWN",
    _("No answer came, so it is not known whether it was done. Look at the other side first."),
)

# By the class, the nearest one counts.
BY_CLASS: dict[type[plugfn.PlugFnError], _Answer] = {
    plugfn.TryLater: _FAILED,
    plugfn.RateLimited: (429, "RATE_LIMIT_EXCEEDED", _("Too many calls. Wait before the next one.")),
    plugfn.NeedsReconnect: _REFUSED_LOGIN,
    plugfn.MissingScope: (409, "NOT_READY", _("Something must be done at the service first; `code` says what.")),
    plugfn.InvalidCall: (409, "REFUSED", _("The service refuses the call; `code` says why.")),
    plugfn.InvalidParams: (400, "INVALID_INPUT", _("Some fields are not valid.")),
    plugfn.UnknownName: (400, "INVALID_INPUT", _("Some fields are not valid.")),
    plugfn.NoConnection: _NOT_FOUND,
    plugfn.AmbiguousConnection: (409, "SEVERAL_INTEGRATIONS", _("There are several: say which one as `integration`.")),
    plugfn.IdempotencyConflict: (409, "IDEMPOTENCY_CONFLICT", _("This key was used for something else.")),
    plugfn.InvalidState: (409, "INVALID_STATE", _("This sign-in is too old, or it was used before. Start again.")),
    plugfn.Forbidden: (403, "FORBIDDEN", _("This is not allowed; `code` says why.")),
    plugfn.NotFound: (404, "NOT_FOUND", _("The service has no such thing.")),
    plugfn.WebhookRejected: (401, "INVALID_SIGNATURE", _("The sender is not proven.")),
    plugfn.GiveUp: (409, "REFUSED", _("The service refuses the call; `code` says why.")),
    plugfn.Unexpected: (502, "UNEXPECTED_ANSWER", _("The service answered what nobody can read.")),
    plugfn.OutcomeUnknown: _UNKNOWN,
    plugfn.PlugFnError: (502, "UNEXPECTED_ANSWER", _("The service answered what nobody can read.")),
}
# By the error's own code, which wins over its class.
BY_CODE: dict[str, _Answer] = {
    "already_connected": (409, "ALREADY_CONNECTED", _("One of this kind is connected already. Disconnect it first.")),
    "too_many_connections": (409, "TOO_MANY_INTEGRATIONS", _("The client has as many integrations as it can have.")),
    "private_address": (403, "ADDRESS_NOT_ALLOWED", _("This address is not allowed: it is in a private network.")),
    "table_not_allowed": (403, "TABLE_NOT_ALLOWED", _("This integration may not read that table.")),
    "plaintext": (403, "NOT_ENCRYPTED", _("This server may only be used over an encrypted connection.")),
    "unencrypted": (403, "NOT_ENCRYPTED", _("This server may only be used over an encrypted connection.")),
    "integration_disabled": _DISABLED,
    "invalid_credentials": _REFUSED_LOGIN,
    "opted_out": (409, "OPTED_OUT", _("This person does not want automatic messages.")),
    "idempotency_conflict": (409, "IDEMPOTENCY_CONFLICT", _("This key was used for another send.")),
    "not_repeatable": (
        409,
        "NOT_REPEATABLE",
        _("Only a failed or unknown send whose content is kept can be repeated."),
    ),
    "outcome_unknown": _UNKNOWN,
}


def refused(answer: _Answer, **details: Any) -> Refused:
    """The error to raise."""
    status, code, message = answer
    return Refused(status, code, str(message), **details)


def not_found() -> Refused:
    """The client has no such integration; or another client has it."""
    return refused(_NOT_FOUND)


def several() -> Refused:
    """The call does not say which one."""
    return refused(BY_CLASS[plugfn.AmbiguousConnection])


def disabled() -> Refused:
    """The integration is paused."""
    return refused(_DISABLED)


def as_refused(error: Exception, names: Mapping[str, str] | None = None) -> Exception:
    """The error as the API says it; another app's error as it is. `names`: the API's name of each PlugFn field."""
    if isinstance(error, plugfn.PlugFnError):
        return _of_plugfn(error, names or {})
    if isinstance(error, NeedsUser | Permanent) and error.code in BY_CODE:
        return refused(BY_CODE[error.code])
    return error


def answer_to(code: str) -> _Answer:
    """What the API says of a send that failed with this code."""
    return BY_CODE.get(code) or (409, "SEND_FAILED", _("The message was not sent; `code` says why."))


def _of_plugfn(error: plugfn.PlugFnError, names: Mapping[str, str]) -> Refused:
    answer = BY_CODE.get(error.code) or next(BY_CLASS[kind] for kind in type(error).__mro__ if kind in BY_CLASS)
    if isinstance(error, plugfn.InvalidParams):
        return refused(answer, **_by_field(error, names))
    details: dict[str, Any] = {"code": error.code}
    if isinstance(error, plugfn.TryLater):
        details["wait"] = max(1, ceil(error.retry_after or 30))
    return refused(answer, **details)


def _by_field(error: plugfn.InvalidParams, names: Mapping[str, str]) -> dict[str, list[str]]:
    """{field: [reasons]}, under the names that the caller knows."""
    found: dict[str, list[str]] = {}
    for problem in error.problems:
        first, dot, rest = problem.field.partition(".")
        found.setdefault(f"{names.get(first, first)}{dot}{rest}" or "body", []).append(problem.reason)
    return found or {"body": [error.message]}
