"""A short id for each request. Error pages show it, and the request's log lines have it."""

import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

# No letters that are mistaken for one another when somebody reads them aloud.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_current: ContextVar[str] = ContextVar("reference", default="")


def current() -> str:
    """The id of the request that this thread answers; empty outside a request."""
    return _current.get()


class Reference:
    """Middleware: gives the request its id, before anything else can fail."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        reference = "".join(secrets.choice(_LETTERS) for _ in range(8))
        token = _current.set(reference)
        try:
            response = self._get_response(request)
        finally:
            _current.reset(token)
        response["X-Request-Id"] = reference
        return response
