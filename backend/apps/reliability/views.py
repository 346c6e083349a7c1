"""GET /health, /health/live and /metrics. They run without middleware, any Host header will do, and no session."""

import json

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.reliability.access import refusal
from apps.reliability.health import look
from apps.reliability.metrics import CONTENT_TYPE, render


@require_safe
def health(_request: HttpRequest) -> HttpResponse:
    """200 as long as webhooks can be accepted, 503 when they cannot. The body says what is up."""
    found = look()
    return _answer(json.dumps(found.report()).encode(), status=503 if found.status == "unhealthy" else 200)


@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """200: this process answers. Nothing else is asked, so nothing else can have it restarted."""
    return _answer(b'{"status": "alive"}')


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, in its text format."""
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
