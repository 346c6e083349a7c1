"""Who may read the metrics: a request with METRICS_TOKEN or, if none is set, a request from this machine."""

import hmac

from django.conf import settings
from django.http import HttpRequest

from lib.client_address import is_local, of_meta


def refusal(request: HttpRequest) -> int | None:
    """The HTTP status of a refusal, or None. If no token is set, it is 404, which does not reveal the page."""
    if settings.METRICS_TOKEN:
        return None if _knows_token(request) else 401
    client = of_meta(request.META, settings.TRUSTED_PROXIES)
    return None if is_local(client, request.headers.get("Host", "")) else 404


def _knows_token(request: HttpRequest) -> bool:
    sent = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    return hmac.compare_digest(sent, f"Bearer {settings.METRICS_TOKEN}".encode())
