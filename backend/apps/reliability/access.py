"""Who may read the metrics: a request with METRICS_TOKEN or, if none is set, a request from this machine."""

import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest

# Proxies add these headers. A request with one of them may come from another machine.
_PROXY_HEADERS = (
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Forwarded",
    "Via",
)
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def refusal(request: HttpRequest) -> int | None:
    """The HTTP status of a refusal, or None. If no token is set, it is 404, which does not reveal the page."""
    if settings.METRICS_TOKEN:
        return None if _knows_token(request) else 401
    return None if _is_local(request) else 404


def _knows_token(request: HttpRequest) -> bool:
    sent = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    return hmac.compare_digest(sent, f"Bearer {settings.METRICS_TOKEN}".encode())


def _is_local(request: HttpRequest) -> bool:
    if any(name in request.headers for name in _PROXY_HEADERS):
        return False
    # A web page in a local browser can send requests to this machine too, but only under the host name of its site.
    name = request.headers.get("Host", "").rpartition(":")[0] or request.headers.get("Host", "")
    return name in _LOCAL_NAMES and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # a Unix socket, whose other end is unknown
        return False
