"""Connecting with typed credentials, and changing them. Nothing is stored before the service accepted them."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.integrations.catalogue import BY_SLUG, Entry
from apps.integrations.connect.stored import stored_credentials
from apps.integrations.connect.verbs import Connected, change, connect
from apps.integrations.models import Integration
from apps.integrations.pages.base import IntegrationsPage
from apps.integrations.pages.forms import NAME, CredentialsForm
from apps.integrations.pages.words import error_words
from plugfn.definition import Model
from plugfn.errors import InvalidParams, PlugFnError


class CredentialsPage(IntegrationsPage):
    """A form of credentials: what is wrong stands beside its field, or at the top if the service said it."""

    template_name = "integrations/connect.html"

    def refused(self, form: CredentialsForm, error: PlugFnError, provider: str) -> None:
        """Say why."""
        if isinstance(error, InvalidParams):
            form.show_problems(error)
        else:
            form.add_error(None, error_words(error.code, provider))

    def done(self, made: Connected, action: str) -> HttpResponse:
        """The page of the integration; before it, the address that a person must enter at the service, if there is
        one: it is shown once."""
        integration = made.integration
        self.note(action, integration, provider=integration.provider)
        if made.webhook is not None and not made.webhook.is_set:
            self.template_name = "integrations/connected.html"
            return self.show(integration=integration, entry=integration.entry, address=made.webhook)
        messages.success(self.request, _("%(name)s is connected, and it works.") % {"name": integration.title})
        return redirect("integrations:integration", integration.pk)


class Connect(CredentialsPage):
    """Connect a service."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        entry = entry_of(slug)
        if entry.is_oauth:
            return redirect("integrations:sign-in", slug)
        if (present := self._present(entry)) is not None:
            return redirect("integrations:edit", present.pk)
        return self.show(entry=entry, form=self._form(entry))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        entry = entry_of(slug)
        form = self._form(entry)
        if entry.is_oauth:
            raise Http404
        if form.is_valid():
            try:
                made = connect(self.membership.client_id, entry, form.credentials(), name=form.cleaned_data[NAME])
            except PlugFnError as error:
                self.refused(form, error, entry.provider)
            else:
                return self.done(made, "integration.connect")
        return self.show(422, entry=entry, form=form)

    def _form(self, entry: Entry) -> CredentialsForm:
        defaults = settings.INTEGRATION_DEFAULTS.get(entry.provider, {})
        return CredentialsForm(entry, self.request.POST or None, defaults=defaults)

    def _present(self, entry: Entry) -> Integration | None:
        """The only one that a client may have of this service."""
        if entry.several:
            return None
        with self.own_rows():
            found: Integration | None = self.visible(Integration).filter(provider=entry.provider).first()
            return found


class Edit(CredentialsPage):
    """Change what is stored. Secrets that stay empty are kept."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = self.integration(pk)
        if integration.entry.is_oauth:
            return redirect("integrations:integration", pk)
        return self._page(integration, self._form(integration))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = self.integration(pk)
        if integration.entry.is_oauth:
            raise Http404
        form = self._form(integration)
        if form.is_valid():
            try:
                made = change(integration, form.credentials(), name=form.cleaned_data[NAME])
            except PlugFnError as error:
                self.refused(form, error, integration.provider)
            else:
                return self.done(made, "integration.change")
        return self._page(integration, form, 422)

    def _page(self, integration: Integration, form: CredentialsForm, status: int = 200) -> HttpResponse:
        return self.show(status, entry=integration.entry, integration=integration, form=form)

    def _form(self, integration: Integration) -> CredentialsForm:
        return CredentialsForm(
            integration.entry, self.request.POST or None, stored=_stored(integration), name=integration.name
        )


def entry_of(slug: str) -> Entry:
    """The service with this name in addresses; 404 without one."""
    entry = BY_SLUG.get(slug)
    if entry is None:
        raise Http404
    return entry


def _stored(integration: Integration) -> Model | None:
    """The credentials; None if they cannot be read, so that all of them must be entered again."""
    try:
        return stored_credentials(integration)
    except PlugFnError:
        return None
