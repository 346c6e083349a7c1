"""Connecting a bank: the pages with the widget, and what the browser hands over afterwards."""

import json
import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from apps.banking.connect.advice import advice_for
from apps.banking.connect.applications import preferred
from apps.banking.connect.finish import find_existing, finish
from apps.banking.connect.token import make_connect_token
from apps.banking.models import Connection
from apps.banking.pages.connect_forms import FinishForm
from apps.banking.pages.connect_words import FAILURES, INCOMPLETE, failure, incomplete, widget_texts, words_of
from apps.banking.widget.figures import Kind, count
from apps.banking.widget.options import SDK_TIMEOUT_MS, sdk_url, sdk_version, widget_options
from apps.banking.widget.policy import widget_policy
from apps.banking.widget.ready import missing_settings
from lib.pages.views import ClientPage

ALREADY_CONNECTED = "ITEM_USER_ALREADY_EXISTS"


class WidgetPage(ClientPage):
    """A page that opens the widget. GET shows it, and POST makes the token, which is asked for only then."""

    section = "connections"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Without CONNECT_PAGE there is only a page that says so."""
        if not settings.CONNECT_PAGE:
            return TemplateResponse(request, "banking/connect/off.html", {"section": self.section}, status=404)
        return super().dispatch(request, *args, **kwargs)

    def show_widget(self, *, update_item: str = "", **context: Any) -> HttpResponse:
        """The page with the widget's options, and the policy that the widget needs."""
        missing, texts = missing_settings(self.membership.client), widget_texts()
        answer = self.show(
            options=json.dumps(widget_options(settings.CONNECT_INCLUDE_SANDBOX, update_item)),
            texts=texts,
            texts_json=json.dumps(texts),
            sdk_url=sdk_url(),
            sdk_timeout=SDK_TIMEOUT_MS,
            is_ready=not missing,
            missing=missing if self.request.user.is_staff else [],
            **context,
        )
        answer._csp_update = {name: sources for name, sources in widget_policy().items() if sources}  # type: ignore[attr-defined]
        return answer

    def make_token(self, connection: Connection | None = None) -> HttpResponse:
        """The token as JSON, with the name of its credentials; or why there is none."""
        if missing := missing_settings(self.membership.client):
            return self._refused(503, INCOMPLETE, incomplete(), missing)
        started = time.perf_counter()
        application = "" if connection else preferred(self.membership.client)
        try:
            token = make_connect_token(self.membership, connection=connection, application=application)
        except FAILURES as error:
            return self._refused(*words_of(error))
        count(Kind.TOKEN_MADE, sdk_version(), milliseconds=round((time.perf_counter() - started) * 1000))
        return JsonResponse({"success": True, "token": token.value, "application": token.application})

    def _refused(self, status: int, code: str, text: str, missing: list[str] | None = None) -> HttpResponse:
        count(Kind.TOKEN_FAILED, sdk_version(), code=code[:64])
        named = {"missing": missing} if missing and self.request.user.is_staff else {}
        return failure(status, code, text, **named)


class Connect(WidgetPage):
    """Connect a bank."""

    template_name = "banking/connect/connect.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """What is under way already comes first: the person may have closed the window in between."""
        under_way = self.visible(Connection).live().filter(state=Connection.State.CONNECTING, disconnect_asked_at=None)
        rows = list(under_way.select_related("connector").order_by("-id")[:5])
        return self.show_widget(under_way=rows)

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.make_token()


class Reconnect(WidgetPage):
    """Repair a connection in the widget's update mode; its item, and so its history, stays."""

    template_name = "banking/connect/reconnect.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection = self._connection(pk)
        advice = advice_for(connection.action) if connection.action else None
        return self.show_widget(update_item=connection.vendor_id, connection=connection, advice=advice)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.make_token(self._connection(pk))

    def _connection(self, pk: int) -> Connection:
        found: Connection = self.get_or_404(self.visible(Connection).live().select_related("connector"), pk=pk)
        return found


class Finish(ClientPage):
    """The browser names an item: the server asks Pluggy whose it is, and shows its progress."""

    section = "connections"

    def post(self, request: HttpRequest) -> HttpResponse:
        """A script gets 204 and goes on; a form is sent to the progress page, or to the repair of what exists."""
        form = FinishForm(request.POST)
        quiet = "application/json" in request.headers.get("Accept", "")
        if not form.is_valid():
            return failure(400, "BAD_REQUEST", _("The item id is missing.")) if quiet else redirect("banking:connect")
        item, application = str(form.cleaned_data["item"]), form.cleaned_data["application"]
        try:
            if form.cleaned_data["reason"] == ALREADY_CONNECTED:
                return self._repair(find_existing(self.membership, [item], application))
            finish(self.membership, item, application)
        except FAILURES as error:
            status, code, text = words_of(error)
            return failure(status, code, text) if quiet else self._say(text)
        return HttpResponse(status=204) if quiet else redirect("banking:connect-progress", item=item)

    def _repair(self, existing: Connection | None) -> HttpResponse:
        if existing is None:
            return self._say(_("This bank is connected already, with another person's account here."))
        messages.info(self.request, _("You have already connected this bank. Repair the connection that you have."))
        return redirect("banking:reconnect", pk=existing.pk)

    def _say(self, text: str) -> HttpResponse:
        messages.error(self.request, text)
        return redirect("banking:connect")
