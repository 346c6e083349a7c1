"""The WSGI application: webhooks and probes skip the middleware; all other requests pass through it.

The development server runs it as it is; in production `core.asgi` answers the webhooks, and this all other requests.
"""

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import DEFAULT_DB_ALIAS, connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

# Probes skip it too, because platforms send any Host header, which the middleware would refuse.
STRAIGHT_PATHS: Final = ("/api/banking/webhooks/", "/webhooks/", "/health", "/metrics")


class StraightHandler(WSGIHandler):
    """Django without middleware: no session, no CSRF check, no security headers."""

    def load_middleware(self, is_async: bool = False) -> None:
        """Call the view directly."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        # django-stubs does not know _get_response.
        self._middleware_chain = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]


pages = get_wsgi_application()
straight = StraightHandler()
# Import now what the first request needs, because its sender waits only a few seconds.
import_module(settings.ROOT_URLCONF)
connections[DEFAULT_DB_ALIAS]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The entry point for the WSGI server."""
    handler = straight if environ.get("PATH_INFO", "").startswith(STRAIGHT_PATHS) else pages
    return handler(environ, start_response)
