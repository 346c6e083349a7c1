"""The beacon: what our own page reports about the widget. It counts, and stores nothing of a person."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.banking.widget.figures import count
from apps.banking.widget.options import sdk_version
from apps.banking.widget.report import MOST_BYTES, Refused, read_report
from lib import crypto
from lib.client_address import of_meta
from lib.errors import Temporary, Throttled
from lib.pages.views import ClientPage
from lib.ratelimit import request_budget

logger = logging.getLogger(__name__)

# How many reports in so many seconds. One connecting sends about five.
BY_SESSION, BY_ADDRESS = 60, 300
SECONDS = 600


class WidgetReport(ClientPage):
    """204 counted, 400 not a report of ours, 413 too long, 415 not JSON, 429 too many, 503 cannot count now."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Django has checked the CSRF token and the origin."""
        if request.content_type != "application/json":
            return HttpResponse(status=415)
        if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
            return HttpResponse(status=413)
        try:
            _take_turn(request)
            report = read_report(request.body)
        except Throttled:
            return HttpResponse(status=429)
        except Temporary:
            return HttpResponse(status=503)
        except Refused as refusal:
            logger.info("a report about the widget was refused: %s", refusal)
            return HttpResponse(status=400)
        count(report.kind, sdk_version(), code=report.code, milliseconds=report.milliseconds)
        return HttpResponse(status=204)


def _take_turn(request: HttpRequest) -> None:
    """Raises Throttled, or Temporary without Valkey. Valkey gets neither the session's key nor a name."""
    session = crypto.blind_index(request.session.session_key or "", "widget report").hex()
    request_budget(f"widget:session:{session}", limit=BY_SESSION, per_seconds=SECONDS).take()
    if address := of_meta(request.META, settings.TRUSTED_PROXIES).limited:
        request_budget(f"widget:address:{address}", limit=BY_ADDRESS, per_seconds=SECONDS).take()
