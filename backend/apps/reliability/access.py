"""Who may read the metrics: whoever knows METRICS_TOKEN or, without one, who asks on this very machine."""

import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest

# What proxies say of the request they pass on: whoever is behind one is not on this machine.
_PASSED_ON = (
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Forwarded",
    "Via",
)
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def refusal(request: HttpRequest) -> int | None:
    """The HTTP status to refuse with; None for whoever may read. Without a token nobody learns that there is a page."""
    if settings.METRICS_TOKEN:
        return None if _knows_token(request) else 401
    return None if _is_local(request) else 404


def _knows_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())


def _is_local(request: HttpRequest) -> bool:
    if any(name in request.headers for name in _PASSED_ON):
        return False
    # A page in somebody's browser can ask localhost too, but under a name of its own.
    name = request.headers.get("Host", "").rpartition(":")[0] or request.headers.get("Host", "")
    return name in _LOCAL_NAMES and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # a Unix socket: whoever is behind it is not known
        return False
