"""The Django adapter of PlugFn's web routes: where a sign-in at a vendor begins, and where people come back."""

import json
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.integrations.catalogue import BY_PROVIDER, BY_SLUG, Entry
from apps.integrations.connect.verbs import signed_in
from apps.integrations.models import Integration
from apps.integrations.pages.base import IntegrationsPage
from apps.integrations.pages.words import error_words
from apps.integrations.plug import is_offered, plug
from apps.integrations.store.scope import acting_for
from plugfn.definition import OAuth2
from plugfn.web.core import Web
from plugfn.web.messages import Request, Response

JSON = {"content-type": "application/json"}


class VendorPage(IntegrationsPage):
    """A step of a sign-in at a vendor."""

    def ask(self, request: Request) -> Response:
        """PlugFn's answer to a request of its web routes."""
        with acting_for(self.membership.client_id):
            answer: Response = plug().wait_for(Web(plug().plug).handle(request))
        return answer

    def refused(self, answer: Response) -> HttpResponse:
        """Say why, and go back to the gallery."""
        messages.error(self.request, error_words(json.loads(answer.body)["error"]["code"]))
        return redirect("integrations:gallery")


class SignIn(VendorPage):
    """GET says what will happen at the vendor, POST sends the person there. `again` is the integration to renew."""

    template_name = "integrations/sign_in.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        entry = _offered(BY_SLUG.get(slug))
        answer = self.show(entry=entry, again=self._again(request.GET.get("again", ""), entry))
        # The browser also checks the address to which an answer to a form redirects.
        answer._csp_update = {"form-action": _origins(entry)}  # type: ignore[attr-defined]
        return answer

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        entry = _offered(BY_SLUG.get(slug))
        body = {"redirect_after": reverse("integrations:gallery")}
        if (again := self._again(request.POST.get("again", ""), entry)) is not None:
            body["connection_id"] = again.pk.hex
        path = f"/connections/{entry.provider}/authorize"
        answer = self.ask(Request("POST", path, {}, JSON, json.dumps(body).encode(), request))
        if answer.status != 200:
            return self.refused(answer)
        return redirect(json.loads(answer.body)["authorization_url"])

    def _again(self, number: str, entry: Entry) -> Integration | None:
        if not number:
            return None
        try:
            integration = self.integration(UUID(number))
        except ValueError:
            raise Http404 from None
        if integration.provider != entry.provider:
            raise Http404
        return integration


class SignedIn(VendorPage):
    """The vendor's redirect back."""

    def get(self, request: HttpRequest, provider: str) -> HttpResponse:
        entry = _offered(BY_PROVIDER.get(provider))
        if not self.membership.may_write:
            raise PermissionDenied
        answer = self.ask(Request("GET", f"/oauth/{entry.provider}/callback", request.GET.dict(), {}, b"", request))
        if answer.status != 302:
            return self.refused(answer)
        integration = signed_in(self.membership.client_id, entry)
        if integration is None:
            return redirect("integrations:gallery")
        self.note("integration.connect", integration, provider=entry.provider)
        messages.success(request, _("%(name)s is connected.") % {"name": integration.title})
        return redirect("integrations:integration", integration.pk)


def _offered(entry: Entry | None) -> Entry:
    if entry is None or not entry.is_oauth or not is_offered(entry):
        raise Http404
    return entry


def _origins(entry: Entry) -> list[str]:
    """The vendor's site, and its subdomains: Slack sends on to that of the workspace."""
    auth = entry.definition.auth
    if not isinstance(auth, OAuth2):
        return []
    url = urlsplit(settings.PLUGFN_PROVIDERS[entry.provider].get("authorize_url") or auth.authorize_url)
    origin = f"{url.scheme}://{url.netloc}"
    return [origin, f"https://*.{url.hostname}"] if url.scheme == "https" else [origin]
