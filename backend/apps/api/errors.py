"""Every error of the REST API in one form, whatever raised it."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.core.exceptions import (
    ImproperlyConfigured,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.http import Http404
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from lib import errors
from lib.error_shape import error_shape
from lib.pages.reference import current

logger = logging.getLogger(__name__)

# What every answer 401 asks for.
CHALLENGE = 'Bearer realm="api"'


class Refused(exceptions.APIException):
    """An error with a code of its own. `details` holds names and numbers, never personal data.

    A number of seconds as `wait` is in the header Retry-After too.
    """

    def __init__(self, status: int, code: str, message: str, /, **details: Any) -> None:
        super().__init__(message, code)
        self.status_code, self.code, self.details = status, code, details


def invalid_token() -> Refused:
    """The answer to a token that opens nothing. It is the same for all reasons: the reason helps only an attacker."""
    return Refused(401, "INVALID_TOKEN", _("This token is not valid: it is wrong, expired or revoked."))


@dataclass(frozen=True)
class Failure:
    """An error as the answer says it."""

    status: int
    code: str
    message: str
    details: dict[str, Any]
    retry_after: float | None = None


# DRF's exceptions, by the status that they carry.
_CODES = {
    400: "MALFORMED_REQUEST",
    401: "NOT_AUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMIT_EXCEEDED",
}


def answer_error(error: Exception, _context: dict[str, Any]) -> Response:
    """The answer to a call that raised. DRF calls it for every exception of a view."""
    failure = _read(error)
    headers = {}
    if failure.status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    if failure.retry_after is not None:
        headers["Retry-After"] = str(max(1, ceil(failure.retry_after)))
    body = error_shape(failure.message, failure.code, failure.details)
    return Response(body, status=failure.status, headers=headers)


def _read(error: Exception) -> Failure:
    for kinds, read in _READERS:
        if isinstance(error, kinds):
            return read(error)
    return _unexpected(error)


def _of_django(error: Exception) -> Failure:
    if isinstance(error, Http404):
        return Failure(404, _CODES[404], _("Nothing is here that you may see."), {})
    if isinstance(error, PermissionDenied):
        return Failure(403, _CODES[403], _("You may not do this."), {})
    if isinstance(error, RequestDataTooBig | TooManyFieldsSent):
        return Failure(413, "TOO_LARGE", _("The request is too large."), {})
    return Failure(400, _CODES[400], _("The request cannot be read."), {})


def _of_input(error: exceptions.ValidationError) -> Failure:
    return Failure(400, "INVALID_INPUT", _("Some fields are not valid."), _by_field(error.detail))


def _of_throttle(error: exceptions.Throttled) -> Failure:
    return _too_many(getattr(error, "wait", None) or 1)


def _too_many(wait: float) -> Failure:
    return Failure(429, _CODES[429], _("Too many calls. Wait before the next one."), {"wait": ceil(wait)}, wait)


def _of_refusal(error: Refused) -> Failure:
    return Failure(error.status_code, error.code, str(error.detail), error.details, error.details.get("wait"))


def _of_drf(error: exceptions.APIException) -> Failure:
    message = str(error.detail)
    if error.status_code == 403 and message.startswith("CSRF Failed"):
        return Failure(403, "CSRF_FAILED", _("The page's security token is missing or wrong. Load the page again."), {})
    return Failure(error.status_code, _CODES.get(error.status_code, "ERROR"), message, {})


def _of_ponte(error: errors.PonteError) -> Failure:
    """What a verb raised. Its message holds no personal data, by the rule of lib.errors."""
    code = (error.code or str(error.error_type)).upper()
    wait = error.retry_after if isinstance(error, errors.Temporary) else None
    if isinstance(error, errors.Throttled):
        # Its message may name a budget of ours.
        return _too_many(wait or 1)
    if isinstance(error, errors.Temporary):
        return Failure(503, code, error.message, {}, wait or 30)
    if isinstance(error, errors.NeedsUser | errors.Permanent):
        return Failure(409, code, error.message, {})
    logger.error("A call of the API failed: the other side broke its contract.", extra={"code": code})
    return Failure(502, code, error.message, {})


def _of_configuration(error: ImproperlyConfigured) -> Failure:
    # The message names a setting, which is for the operator alone.
    logger.error("A call of the API failed: %s", error)
    return Failure(503, "NOT_CONFIGURED", _("Incomplete configuration. Check the environment variables."), {}, 60)


def _unexpected(error: Exception) -> Failure:
    # The middleware has given the request an id, which its log lines and its error pages have too.
    reference = current() or uuid.uuid4().hex[:8]
    logger.error("A call of the API failed.", exc_info=error, extra={"reference": reference})
    message = _("Something went wrong here. Tell us the reference if it happens again.")
    return Failure(500, "INTERNAL_ERROR", message, {"reference": reference})


def _by_field(detail: Any, path: str = "") -> dict[str, Any]:
    """{field: [messages]}, with the fields of a list or of an object inside as `scopes.0`."""
    if isinstance(detail, dict):
        pairs = [(str(name), entry) for name, entry in detail.items()]
    elif isinstance(detail, list) and any(isinstance(entry, dict | list) for entry in detail):
        pairs = [(str(number), entry) for number, entry in enumerate(detail) if entry]
    else:
        entries = detail if isinstance(detail, list) else [detail]
        return {path or "body": [str(entry) for entry in entries]}
    found: dict[str, Any] = {}
    for name, entry in pairs:
        found |= _by_field(entry, f"{path}.{name}" if path else name.replace("non_field_errors", "body"))
    return found


# The first that fits counts.
_READERS: list[tuple[tuple[type[Exception], ...], Callable[[Any], Failure]]] = [
    ((Refused,), _of_refusal),
    ((exceptions.ValidationError,), _of_input),
    ((exceptions.Throttled,), _of_throttle),
    ((exceptions.APIException,), _of_drf),
    ((Http404, PermissionDenied, SuspiciousOperation, UnreadablePostError), _of_django),
    ((errors.PonteError,), _of_ponte),
    ((ImproperlyConfigured,), _of_configuration),
]
