"""/settings/members/: who belongs to the client, with which role, and who is invited."""

from abc import ABC, abstractmethod
from typing import Any

from allauth.core.context import request_context
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.clients import invitations, members, people
from apps.clients.invitation_mail import address_of, send
from apps.clients.models import Invitation, Membership
from apps.clients.pages.base import PersonPage

# A client is a household or a small firm. More than this is not shown.
SHOWN = 200


class InvitationForm(forms.Form):
    """Whom to invite."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=Membership.Role.choices, initial=Membership.Role.MEMBER
    )


class NameForm(forms.Form):
    """The client's name."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)


class MembersPage(PersonPage):
    """The people of the client. Owners change them."""

    template_name, tab = "clients/members.html", "members"

    def get(self, request: HttpRequest, **more: Any) -> HttpResponse:
        """Members and open invitations."""
        return self.page()

    def page(self, status: int = 200, **more: Any) -> HttpResponse:
        """The page, also with a form that has errors, or with the link of an invitation."""
        rows = (
            Membership.objects.filter(client=self.member.client).select_related("user").order_by("created_at")[:SHOWN]
        )
        forms_ = {"invite_form": InvitationForm(), "name_form": NameForm(initial={"name": self.member.client.name})}
        return self.show(
            status=status,
            members=list(rows),
            invitations=list(invitations.open_of(self.member)[:SHOWN]),
            roles=Membership.Role.choices,
            **{**forms_, **more},
        )


class Verb(MembersPage, ABC):
    """Something that an owner does here by POST."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Do it, and say what happened."""
        people.owners_only(self.member)
        try:
            return self.act(**kwargs)
        except ValidationError as error:
            for text in error.messages:
                messages.error(request, text)
            return redirect("clients:members")

    @abstractmethod
    def act(self, **kwargs: Any) -> HttpResponse:
        """What is done. Raises ValidationError."""

    def done(self, text: str) -> HttpResponse:
        """Back to the page, with a word about it."""
        messages.success(self.request, text)
        return redirect("clients:members")

    def of_client(self, model: type[Any], key: Any) -> Any:
        """A row of this client; another client's is 404."""
        return self.get_or_404(model._default_manager.filter(client_id=self.member.client_id), pk=key)


class Invite(Verb):
    """Invite somebody."""

    def act(self, **kwargs: Any) -> HttpResponse:
        """Store the invitation and send its token."""
        form = InvitationForm(self.request.POST)
        if not form.is_valid():
            return self.page(status=422, invite_form=form)
        row, token = invitations.invite(self.member, form.cleaned_data["email"], form.cleaned_data["role"])
        return self.sent(row, token)

    def sent(self, row: Invitation, token: str) -> HttpResponse:
        """Say that the mail went out; without a mail server show the link, this once."""
        with request_context(self.request):
            if send(self.request, row, token):
                return self.done(_("The invitation is on its way to %(email)s.") % {"email": row.email})
        return self.page(link=address_of(self.request, token), invited=row.email)


class Resend(Invite):
    """Send an invitation again, with another token."""

    def act(self, **kwargs: Any) -> HttpResponse:
        """The old token is void."""
        row = self.of_client(Invitation, kwargs["pk"])
        return self.sent(row, invitations.renew(self.member, row))


class Revoke(Verb):
    """Withdraw an invitation."""

    def act(self, **kwargs: Any) -> HttpResponse:
        """Its link opens nothing any more."""
        invitations.revoke(self.member, self.of_client(Invitation, kwargs["pk"]))
        return self.done(_("The invitation is withdrawn."))


class ChangeRole(Verb):
    """Give a member another role."""

    def act(self, **kwargs: Any) -> HttpResponse:
        """The form has the role."""
        members.change_role(self.member, self.of_client(Membership, kwargs["pk"]), self.request.POST.get("role", ""))
        return self.done(_("The role is changed."))


class Remove(Verb):
    """Take a member out of the client."""

    def act(self, **kwargs: Any) -> HttpResponse:
        """What the person connected stays."""
        members.remove(self.member, self.of_client(Membership, kwargs["pk"]))
        return self.done(_("The person is no longer a member. What the person connected stays here."))


class Rename(Verb):
    """Give the client another name."""

    def act(self, **kwargs: Any) -> HttpResponse:
        """The form has the name."""
        people.rename(self.member, self.request.POST.get("name", ""))
        return self.done(_("The name is changed."))


class Leave(MembersPage):
    """Leave the client, which any member may."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """The last owner cannot."""
        try:
            members.leave(self.member)
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect("clients:members")
        messages.success(request, _("You have left “%(name)s”.") % {"name": self.member.client.name})
        return redirect("/")
