"""The clients of a person: all of them, a new one, and invitations into others."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View

from apps.clients import invitations, people
from apps.clients.current import choose
from apps.clients.models import Membership
from apps.clients.pages.base import PersonPage
from apps.clients.pages.members import NameForm
from lib.row_security import for_system

# More are a mistake or an attack, and each costs work.
MOST = 20


class OwnClients(PersonPage):
    """/clients/: where a person switches, accepts and creates. Without any client it is where everything begins."""

    template_name = "clients/own_clients.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The clients and the invitations."""
        return self.page(NameForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Create a client, and show it from now on."""
        form = NameForm(request.POST)
        if form.is_valid():
            try:
                choose(request, self._create(form.cleaned_data["name"]))
            except ValidationError as error:
                form.add_error("name", error)
            else:
                return redirect("/")
        return self.page(form, status=422)

    def _create(self, name: str) -> Membership:
        with for_system("clients of a person"):
            number = Membership.objects.filter(user=self.person)[:MOST].count()
        if number >= MOST:
            raise ValidationError(_("You have too many clients already."))
        return people.create_client(self.person, name)

    def page(self, form: NameForm, status: int = 200) -> HttpResponse:
        """The page with this form."""
        with for_system("clients of a person"):
            rows = list(Membership.objects.of_person(self.person.pk).select_related("client")[: 2 * MOST])
        return self.show(status=status, form=form, rows=rows, invitations=_open(self.request, self.person))


class InvitationPage(View):
    """/invitations/: an invitation, for a stranger who came with its token, or for a person who is signed in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """What the invitation is, and how to accept it."""
        rows = _open(request, request.user)
        if not rows:
            return render(request, "clients/invitation_void.html", status=404)
        return render(request, "clients/invitation.html", {"rows": rows})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Accept one of them."""
        if not request.user.is_authenticated:
            return redirect("account_login")
        chosen = [row for row in _open(request, request.user) if str(row.pk) == request.POST.get("invitation")]
        if not chosen:
            raise Http404
        proved = invitations.carried(request)
        try:
            has_token = proved is not None and proved.pk == chosen[0].pk
            membership = invitations.accept_as(request.user, chosen[0], has_token=has_token)
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect("clients:invitations")
        invitations.drop(request)
        choose(request, membership)
        messages.success(request, _("Welcome to “%(name)s”.") % {"name": membership.client.name})
        return redirect("/")


def open_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """/invitations/<token>/: keep the proof in the session, so that the token is in no further address."""
    found = invitations.find(token)
    if found is None:
        return render(request, "clients/invitation_void.html", status=404)
    invitations.carry(request, found)
    return redirect("clients:invitations")


def _open(request: HttpRequest, user: Any) -> list[Any]:
    """The invitation that this session proved, and those for the person's own addresses."""
    rows = invitations.open_for(user) if user.is_authenticated else []
    proved = invitations.carried(request)
    return [proved, *[row for row in rows if row.pk != proved.pk]] if proved else rows
