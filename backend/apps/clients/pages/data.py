"""/settings/data/: a person's right to see, take along and erase the data."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.audit.record import record
from apps.clients import erasure
from apps.clients.export import write
from apps.clients.models import Erasure
from apps.clients.pages.base import PersonPage
from apps.clients.people import owners_only
from apps.clients.persons_end import clients_without_another_owner, erase_person
from lib.row_security import for_system

# Orders of erasing that the page shows, the newest first.
SHOWN = 5


class ConfirmForm(forms.Form):
    """The client's name, typed by hand."""

    name = forms.CharField(
        label=gettext_lazy("Type the name of the client to confirm"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class DataPage(PersonPage):
    """What a person can do with the data."""

    template_name, tab = "clients/data.html", "data"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The choices, and erasures of the person's that run or ended."""
        # The clients are gone, or no more the person's.
        with for_system("erasures that a person asked for"):
            orders = list(Erasure.objects.filter(asked_by=self.person.pk).order_by("-pk")[:SHOWN])
        return self.show(
            orders=[{"order": each, "rows": sum(each.erased.values())} for each in orders],
            is_running=any(each.finished_at is None for each in orders),
        )


class Export(PersonPage):
    """Everything as one file."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Write it while it is read, whatever its size."""
        client = self.member.client
        record("client.export", actor=self.person.pk, subject=client, client=client.pk)
        name = f"ponte-{slugify(client.name) or 'export'}-{timezone.localdate():%Y-%m-%d}.json"
        answer = StreamingHttpResponse(write(self.member), content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


@method_decorator(reauthentication_required, name="dispatch")
class EraseClient(PersonPage):
    """Erase the client, here and at the aggregator. It asks for the password, and for the client's name."""

    template_name, tab = "clients/erase_client.html", "data"

    def get(self, request: HttpRequest) -> HttpResponse:
        """What would be gone."""
        owners_only(self.member)
        return self._page(ConfirmForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Begin. A worker does it."""
        owners_only(self.member)
        form = ConfirmForm(request.POST)
        if form.is_valid():
            try:
                erasure.ask(self.member, form.cleaned_data["name"])
            except ValidationError as error:
                form.add_error("name", error)
            else:
                messages.success(request, _("The client is being erased. This page shows how far it is."))
                return redirect("clients:data")
        return self._page(form, status=422)

    def _page(self, form: ConfirmForm, status: int = 200) -> HttpResponse:
        counts = erasure.would_be_gone(self.member.client_id)
        return self.show(status=status, form=form, counts=counts, most=erasure.COUNTED, client=self.member.client)


@method_decorator(reauthentication_required, name="dispatch")
class EraseAccount(PersonPage):
    """Erase the person's own account."""

    template_name, tab = "clients/erase_account.html", "data"

    def get(self, request: HttpRequest, **more: Any) -> HttpResponse:
        """What would be gone, and what is in the way."""
        return self.show(alone=clients_without_another_owner(self.person))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do it at once: an account is small."""
        person = self.person
        try:
            erase_person(person)
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect("clients:erase_account")
        logout(request)
        return render(request, "clients/account_erased.html")
