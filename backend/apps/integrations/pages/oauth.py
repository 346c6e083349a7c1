"""The Django adapter of PlugFn's web routes: where a sign-in at a vendor begins, and where people come back."""

import json

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.integrations.catalogue import BY_SLUG, Entry
from apps.integrations.connect.verbs import signed_in
from apps.integrations.pages.words import error_words
from apps.integrations.plug import is_offered, plug
from apps.integrations.store.scope import acting_for
from lib.pages.views import ClientPage
from plugfn.web.core import Web
from plugfn.web.messages import Request, Response

JSON = {"content-type": "application/json"}


class SignIn(ClientPage):
    """POST sends the person to the vendor, GET is the vendor's redirect back."""

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Begin. `again` names the integration to renew."""
        entry = _entry(slug)
        body = json.dumps({"redirect_after": reverse("integrations:gallery")}).encode()
        answer = self._ask(Request("POST", f"/connections/{entry.provider}/authorize", {}, JSON, body, request))
        document = json.loads(answer.body)
        if answer.status != 200:
            return self._refused(document)
        return redirect(document["authorization_url"])

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Finish."""
        entry = _entry(slug)
        answer = self._ask(Request("GET", f"/oauth/{entry.provider}/callback", request.GET.dict(), {}, b"", request))
        if answer.status != 302:
            return self._refused(json.loads(answer.body))
        signed_in(self.membership.client_id, entry)
        messages.success(request, _("%(name)s is connected.") % {"name": entry.label})
        return redirect("integrations:gallery")

    def _ask(self, request: Request) -> Response:
        client = self.membership.client_id
        with acting_for(client):
            answer: Response = plug().wait_for(Web(plug().plug).handle(request))
        return answer

    def _refused(self, document: dict[str, dict[str, str]]) -> HttpResponse:
        messages.error(self.request, error_words(document["error"]["code"]))
        return redirect("integrations:gallery")


def _entry(slug: str) -> Entry:
    entry = BY_SLUG.get(slug)
    if entry is None or not entry.is_oauth or not is_offered(entry):
        raise Http404
    return entry
