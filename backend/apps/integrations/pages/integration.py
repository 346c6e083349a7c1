"""One integration: its state, what is wrong, and what a person does with it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from apps.integrations.connect import verbs
from apps.integrations.connect.labels import label_of
from apps.integrations.connect.webhook import can_tell, tell_vendor
from apps.integrations.models import Integration, Send
from apps.integrations.pages.base import IntegrationsPage
from apps.integrations.pages.card import card_of
from apps.integrations.pages.database import Database, look_into
from apps.integrations.pages.forms import RenameForm
from apps.integrations.pages.try_out import TryForm
from apps.integrations.pages.words import error_words
from plugfn.errors import PlugFnError


class IntegrationPage(IntegrationsPage):
    """One integration."""

    template_name = "integrations/integration.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = self.integration(pk)
        return self.show(**state_of(integration), **self._around(integration))

    def _around(self, integration: Integration) -> dict[str, Any]:
        entry = integration.entry
        webhooks = entry.definition.webhooks
        return {
            "rename": RenameForm(integration),
            "form": TryForm(entry.channel) if entry.channel else None,
            "has_address": webhooks is not None and webhooks.per_connection,
            "is_told": can_tell(integration),
        }


def state_of(integration: Integration, database: Database | None = None) -> dict[str, Any]:
    """What the part of the page with the state shows."""
    card = card_of(integration, label_of(integration))
    return {"integration": integration, "entry": integration.entry, "card": card, "database": database}


class Test(IntegrationsPage):
    """Ask the service whether it works. HTMX gets the new state in place."""

    template_name = "integrations/state.html"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = self.integration(pk)
        tested = verbs.test(integration)
        self.note("integration.test", integration, worked=tested.error is None)
        if not request.htmx:  # type: ignore[attr-defined]
            return self._told(integration, tested)
        database = look_into(integration) if tested.error is None else None
        return self.show(**state_of(self.integration(pk), database), is_fresh=True)

    def _told(self, integration: Integration, tested: verbs.Tested) -> HttpResponse:
        if tested.error is None:
            messages.success(
                self.request, _("It works: the service answered in %(n)d ms.") % {"n": tested.milliseconds}
            )
        else:
            messages.error(self.request, error_words(tested.error.code, integration.provider))
        return redirect("integrations:integration", integration.pk)


class VendorVerb(IntegrationsPage):
    """Something that may fail at the service."""

    def refused(self, integration: Integration, error: PlugFnError) -> HttpResponse:
        """Say why, on the integration's page."""
        messages.error(self.request, error_words(error.code, integration.provider))
        address = reverse("integrations:integration", args=[integration.pk])
        return HttpResponseClientRedirect(address) if self.request.htmx else redirect(address)  # type: ignore[attr-defined]


class Pause(IntegrationsPage):
    """Pause and resume: nothing is sent meanwhile, and nothing that was asked for is lost."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = self.integration(pk)
        pauses = request.POST.get("paused") == "on"
        with self.own_rows():
            (verbs.pause if pauses else verbs.resume)(integration)
            self.note("integration.pause" if pauses else "integration.resume", integration)
        text = _("Paused. What is asked for waits until you resume it.") if pauses else _("It is used again.")
        messages.success(request, text)
        return redirect("integrations:integration", pk)


class Rename(IntegrationsPage):
    """Give it a name of the person's own."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = self.integration(pk)
        form = RenameForm(integration, request.POST)
        if form.is_valid():
            with self.own_rows():
                verbs.rename(integration, form.cleaned_data["name"])
                self.note("integration.rename", integration)
        return redirect("integrations:integration", pk)


class Contents(IntegrationsPage):
    """Whether the contents of messages are kept."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration, keeps = self.integration(pk), request.POST.get("keeps") == "on"
        with self.own_rows():
            self.visible(Integration).filter(pk=pk).update(keeps_content=keeps)
            self.note("integration.contents", integration, keeps=keeps)
        return redirect("integrations:integration", pk)


class NewAddress(VendorVerb):
    """Make a new address for the service's webhooks, which is shown once."""

    template_name = "integrations/address_page.html"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = self.integration(pk)
        try:
            address = tell_vendor(integration)
        except PlugFnError as error:
            return self.refused(integration, error)
        if address is None:
            raise Http404
        self.note("integration.address", integration, is_set=address.is_set)
        if request.htmx:  # type: ignore[attr-defined]
            self.template_name = "integrations/address.html"
        trouble = error_words(address.error.code, integration.provider) if address.error else ""
        return self.show(integration=integration, entry=integration.entry, address=address, trouble=trouble)


class Disconnect(VendorVerb):
    """Says what happens, then disconnects."""

    template_name = "integrations/disconnect.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = self.integration(pk)
        waiting = Send.State.QUEUED, Send.State.SENDING
        with self.own_rows():
            has_waiting = self.visible(Send).filter(integration=integration, state__in=waiting).exists()
        return self.show(integration=integration, entry=integration.entry, has_waiting=has_waiting)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = self.integration(pk)
        try:
            outcome = verbs.disconnect(integration)
        except PlugFnError as error:
            return self.refused(integration, error)
        self.note("integration.disconnect", integration, provider=integration.provider, revoked=outcome)
        text = _("%(name)s is disconnected, and its credentials are deleted here.")
        messages.success(request, text % {"name": integration.title})
        if integration.entry.is_oauth and outcome != "revoked":
            messages.warning(request, _("The permission could not be withdrawn there. Remove the app in your account."))
        return redirect("integrations:gallery")
