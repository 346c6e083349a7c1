"""A client's own Pluggy credentials, so that people who share a server keep their banks apart."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.audit.record import record
from apps.banking.aggregators.contract import CredentialsRefused
from apps.banking.connect import credentials
from apps.banking.connect.errors import InUse
from apps.banking.models import ClientApplication
from apps.banking.pages.connect_forms import CredentialsForm, SecretForm
from apps.banking.pages.connect_words import FAILURES, words_of
from lib.pages.views import ClientPage


class OwnersPage(ClientPage):
    """Only an owner of the client changes whose credentials read its banks."""

    section = "credentials"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        membership = getattr(request, "membership", None)
        if request.method == "POST" and membership is not None and not membership.is_owner:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def note(self, action: str, row: ClientApplication) -> None:
        record(action, actor=self.request.user.pk, subject=row, client=self.membership.client_id)


class Credentials(OwnersPage):
    """The list, and a form for new ones."""

    template_name = "banking/connect/credentials.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(CredentialsForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CredentialsForm(request.POST)
        if not form.is_valid() or not self._save(form):
            return self._page(form, 422)
        messages.success(request, _("Pluggy accepts these credentials. New connections use them."))
        return redirect("banking:credentials")

    def _page(self, form: CredentialsForm, status: int = 200) -> HttpResponse:
        rows = list(self.visible(ClientApplication).order_by("-id")[:20])
        return self.show(status, rows=rows, form=form, may_change=self.membership.is_owner)

    def _save(self, form: CredentialsForm) -> bool:
        given = form.cleaned_data
        try:
            row = credentials.save(
                self.membership.client, given["label"], given["key"], given["secret"], user=self.request.user
            )
        except CredentialsRefused:
            form.add_error("secret", _("Pluggy does not accept this client id and secret."))
            return False
        except FAILURES as error:
            form.add_error(None, words_of(error)[2])
            return False
        self.note("credentials.save", row)
        return True


class ReplaceSecret(OwnersPage):
    """Store a new secret of the same client id, such as after it was changed at Pluggy."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.get_or_404(self.visible(ClientApplication), pk=pk)
        form = SecretForm(request.POST)
        try:
            if not form.is_valid():
                raise credentials.NotCredentials
            credentials.replace_secret(row, form.cleaned_data["secret"])
        except CredentialsRefused:
            messages.error(request, _("Pluggy does not accept this client id and secret."))
        except FAILURES as error:
            messages.error(request, words_of(error)[2])
        else:
            self.note("credentials.replace", row)
            messages.success(request, _("Pluggy accepts the new secret. The banks are read again."))
        return redirect("banking:credentials")


class CheckCredentials(OwnersPage):
    """Ask Pluggy whether it still accepts stored credentials."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.get_or_404(self.visible(ClientApplication), pk=pk)
        try:
            accepted = credentials.test(row)
        except FAILURES as error:
            messages.error(request, words_of(error)[2])
        else:
            if accepted:
                messages.success(request, _("Pluggy accepts these credentials."))
            else:
                messages.error(request, _("Pluggy does not accept this client id and secret."))
        return redirect("banking:credentials")


class RemoveCredentials(OwnersPage):
    """Erase stored credentials that no connection needs."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.get_or_404(self.visible(ClientApplication), pk=pk)
        name = str(row.pk)
        try:
            credentials.remove(row)
        except InUse as error:
            text = ngettext(
                "%(count)d connection is read with them. Disconnect it first.",
                "%(count)d connections are read with them. Disconnect them first.",
                error.connections,
            )
            messages.error(request, text % {"count": error.connections})
        else:
            record(
                "credentials.remove",
                actor=request.user.pk,
                subject=f"banking.clientapplication:{name}",
                client=self.membership.client_id,
            )
            messages.success(request, _("The credentials are erased."))
        return redirect("banking:credentials")
