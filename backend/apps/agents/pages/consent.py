"""/authorize: a person decides what an application may do, and in which client."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.endpoints import base
from apps.agents.oauth.asking import Asking, answer_to_refused, read_asking
from apps.agents.oauth.errors import NoRedirect, OAuthError
from apps.agents.oauth.places import origin_of
from apps.agents.oauth.scopes import OFFERED, USUAL
from apps.agents.oauth.tokens import allow
from apps.api.scopes import scopes_of_member
from apps.clients.models import Membership
from lib.errors import Permanent
from lib.pages.views import SignedInPage
from lib.row_security import client_rows, for_system

# A person has fewer clients.
MOST = 50


class ConsentForm(forms.Form):
    """In which client, and what the application may do there, of what it asks for and the person may give."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"), widget=forms.CheckboxSelectMultiple, initial=[USUAL]
    )

    client = forms.ChoiceField(label=gettext_lazy("Whose data it is about"))

    def __init__(self, *args: Any, asking: Asking, members: Sequence[Membership]) -> None:
        super().__init__(*args)
        self.members = {str(member.client_id): member for member in members}
        mine = set().union(*map(scopes_of_member, members))
        choices = [(scope.value, OFFERED[scope]) for scope in asking.scopes if scope in mine]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]
        clients = [(key, member.client.name) for key, member in self.members.items()]
        self.fields["client"].choices = clients  # type: ignore[attr-defined]

    @property
    def member(self) -> Membership:
        """The person's membership in the client that they chose."""
        return self.members[self.cleaned_data["client"]]


class Consent(SignedInPage):
    """The question and its answer. Each checks the address again, so nothing is kept in between.

    A viewer may answer too: what they allow is reading.
    """

    template_name, section = "agents/consent.html", "applications"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """An address that leads nowhere is said first, also to a stranger."""
        try:
            self.asking = read_asking(request.GET.dict(), base(request))
        except NoRedirect as error:
            return self._unknown(error)
        except OAuthError as error:
            return _leave(answer_to_refused(request.GET.dict(), base(request), error))
        if request.user.is_authenticated and self.membership is None:
            return redirect("clients:none")
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._ask(ConsentForm(asking=self.asking, members=self._members()))

    def _members(self) -> list[Membership]:
        """The person's memberships, first that in the client that they look at."""
        with for_system("clients of a person"):
            rows = list(Membership.objects.of_person(self.membership.user_id).select_related("client", "user")[:MOST])
        return sorted(rows, key=lambda row: row.pk != self.membership.pk)

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("decision") != "allow":
            return _leave(self.asking.answer(error="access_denied", error_description="the person refused"))
        form = ConsentForm(request.POST, asking=self.asking, members=self._members())
        if form.is_valid():
            try:
                with client_rows(form.member.client_id):
                    code = allow(form.member, self.asking, form.cleaned_data["scopes"])
                return _leave(self.asking.answer(code=code))
            except Permanent as error:
                form.add_error(None, _REFUSALS.get(error.code, _("This cannot be allowed.")))
        return self._ask(form, status=422)

    def _ask(self, form: ConsentForm, status: int = 200) -> HttpResponse:
        place = origin_of(self.asking.redirect_uri)
        members = list(form.members.values())
        answer = self.show(status, form=form, application=self.asking.application, members=members, place=place)
        # The answer to the form leads to the application, which browsers count as a part of sending the form.
        answer._csp_update = {"form-action": [place]}  # type: ignore[attr-defined]
        return answer

    def _unknown(self, error: NoRedirect) -> HttpResponse:
        self.template_name = "agents/unknown.html"
        return self.show(400, reason=error.description)


def _leave(address: str) -> HttpResponse:
    """Send the browser to the application. Django's own redirect refuses the schemes of applications."""
    return HttpResponse(status=302, headers={"Location": address, "Cache-Control": "no-store"})


_REFUSALS = {
    "SCOPE_REFUSED": gettext_lazy("You may not allow this. Choose less."),
    "TOO_MANY_GRANTS": gettext_lazy("You have very many connected applications. Revoke one first."),
}
