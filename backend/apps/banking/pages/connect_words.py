"""What the connect pages say when something cannot be done, and how they say it to a script."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.banking.aggregators.contract import CredentialsRefused, Gone, UnknownApplication
from apps.banking.connect.errors import Disconnecting, NotYours, TooOften
from lib.errors import PonteError, Temporary

# What the verbs of connecting raise.
FAILURES = (PonteError, ImproperlyConfigured)
INCOMPLETE = "INCOMPLETE_CONFIGURATION"


def widget_texts() -> dict[str, str]:
    """The texts of the page's script."""
    return {
        "open": _("Connect a bank"),
        "again": _("Try again"),
        "loading": _("Connecting securely..."),
        "connecting": _("Follow the steps in the window."),
        "connected": _("Connected. Opening the progress…"),
        "closed": _("The window was closed before a bank was connected. Nothing has changed."),
        "sdk": _("The connecting component could not be loaded. Check your connection."),
        "api": unreachable(),
        "widget": _("The connecting could not begin. Try to make a new token."),
    }


def unreachable() -> str:
    return _("The service could not be reached. Try again in a few minutes.")


def incomplete() -> str:
    return _("The configuration is incomplete. Check the environment variables.")


def words_of(error: Exception) -> tuple[int, str, str]:
    """The status, the code and the sentence for a failure."""
    own = error.code or str(error.error_type).upper() if isinstance(error, PonteError) else ""
    for kinds, status, code, words in _WORDS:
        if isinstance(error, kinds):
            return status, code or own, words()
    return 502, own or "UNKNOWN", unreachable()


def not_yours() -> str:
    return _("There is no such connection of yours.")


def failure(status: int, code: str, text: str, **details: Any) -> JsonResponse:
    """An error in the shape of all APIs."""
    body = {"success": False, "error": text, "error_code": code, "details": details, "timestamp": timezone.now()}
    return JsonResponse(body, status=status)


# The first that fits counts. An empty code: the failure's own.
_WORDS: tuple[tuple[tuple[type[Exception], ...], int, str, Callable[[], str]], ...] = (
    ((ImproperlyConfigured,), 503, INCOMPLETE, incomplete),
    ((CredentialsRefused,), 503, "", lambda: _("Pluggy does not accept the credentials of this server.")),
    ((Disconnecting,), 409, "", lambda: _("This bank is being disconnected. Connect it again afterwards.")),
    ((UnknownApplication,), 409, "", lambda: _("These Pluggy credentials were removed. Choose others.")),
    ((NotYours, Gone), 404, "NOT_YOURS", not_yours),
    ((TooOften,), 429, "", lambda: _("Too many attempts in a short time. Wait a minute, then try again.")),
    ((Temporary,), 503, "", unreachable),
)
