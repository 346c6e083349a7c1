"""What a browser may load and do on our pages. Each policy is named, and says what it is looser for."""

from collections.abc import Mapping
from typing import Any

from csp.constants import NONCE, NONE, SELF
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Directives = dict[str, list[Any]]
Policy = dict[str, Any]

_STRICT: Directives = {
    "default-src": [NONE],
    "script-src": [SELF, NONCE],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
}
# The pages of people. A view with other needs takes csp.decorators.csp_update with directives of its own.
PAGES: Policy = {"DIRECTIVES": _STRICT}
# unfold's Alpine evaluates the expressions in its attributes, and sets styles.
ADMIN: Directives = {
    **_STRICT,
    "script-src": [SELF, NONCE, "'unsafe-eval'"],
    "style-src": [SELF, "'unsafe-inline'"],
}

# No page uses any of these.
PERMISSIONS: Mapping[str, list[str]] = {
    name: []
    for name in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
}


class NamedPolicies(CSPMiddleware):
    """Sends each page the policy of its place."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if settings.ADMIN_PATH and request.path.startswith(f"/{settings.ADMIN_PATH}/"):
            response._csp_replace = ADMIN  # type: ignore[attr-defined]
        result: HttpResponseBase = super().process_response(request, response)
        return result
