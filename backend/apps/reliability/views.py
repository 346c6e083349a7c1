"""GET /health, /health/live, /health/integrations and /metrics.

They run without middleware and sessions, and accept any Host header.
"""

import json

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.reliability.access import refusal
from apps.reliability.health import read_health, read_integrations
from apps.reliability.metrics import CONTENT_TYPE, render


@require_safe
def health(_request: HttpRequest) -> HttpResponse:
    """200 if Ponte can accept webhooks, 503 if not. The body says which services are up."""
    state = read_health()
    return _answer(json.dumps(state.report()).encode(), status=503 if state.status == "unhealthy" else 200)


@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """200: this process answers. It checks nothing else, so only its own failure restarts it."""
    return _answer(b'{"status": "alive"}')


@require_safe
def integrations(_request: HttpRequest) -> HttpResponse:
    """By kind of integration, how many clients have one and for how many it works. 503 if nobody can count now."""
    counted = read_integrations()
    body = json.dumps(counted if counted is not None else {"status": "unknown"})
    return _answer(body.encode(), status=503 if counted is None else 200)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, in the text format of Prometheus."""
    if status := refusal(request):
        response = _answer(b"", status=status)
        if status == 401:
            response["WWW-Authenticate"] = "Bearer"
        return response
    return _answer(render(), content_type=CONTENT_TYPE)


def _answer(content: bytes, *, status: int = 200, content_type: str = "application/json") -> HttpResponse:
    response = HttpResponse(content, status=status, content_type=content_type)
    response["Content-Length"] = str(len(content))
    response["Cache-Control"] = "no-store"
    return response
