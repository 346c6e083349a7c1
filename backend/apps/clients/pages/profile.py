"""/settings/: how a person wants to see the pages, and what protects the account."""

import zoneinfo
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.clients.models import Profile
from apps.clients.pages.base import PersonPage
from apps.clients.pages.choices import remember
from apps.clients.preferences import profile_of

# Those of Brazil first, and then the others.
BRAZIL = (
    "America/Sao_Paulo",
    "America/Manaus",
    "America/Cuiaba",
    "America/Rio_Branco",
    "America/Belem",
    "America/Fortaleza",
    "America/Recife",
    "America/Bahia",
    "America/Noronha",
)


def zones() -> list[Any]:
    """All time zones that this machine knows, by their names."""
    others = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    named = [(zone, zone.replace("_", " ")) for zone in others if zone not in BRAZIL]
    return [(_("Brazil"), [(zone, zone.replace("_", " ")) for zone in BRAZIL]), (_("Other places"), named)]


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """A profile, and the name of its person."""

    first_name = forms.CharField(
        label=gettext_lazy("First name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=zones)
    theme = forms.ChoiceField(label=gettext_lazy("Appearance"), choices=Profile.Theme.choices, widget=forms.RadioSelect)
    field_order = ("first_name", "language", "time_zone", "theme")

    class Meta:
        model = Profile
        fields = ("language", "time_zone", "theme")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("as the browser asks")), *settings.LANGUAGES]  # type: ignore[attr-defined]


class ProfilePage(PersonPage):
    """/settings/"""

    template_name, tab = "clients/profile.html", "profile"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form as it is stored."""
        return self.show(form=self._form())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Store it, and show the page as it says."""
        form = self._form(request.POST)
        if not form.is_valid():
            return self.show(form=form, status=422)
        profile = form.save(commit=False)
        profile.user = self.person
        profile.save()
        self.person.first_name = form.cleaned_data["first_name"]
        self.person.save(update_fields=["first_name"])
        return self._saved(profile)

    def _form(self, data: Any = None) -> ProfileForm:
        return ProfileForm(data, instance=profile_of(self.person), initial={"first_name": self.person.first_name})

    def _saved(self, profile: Profile) -> HttpResponse:
        answer = redirect("clients:settings")
        remember(answer, "theme", profile.theme)
        if profile.language:
            remember(answer, settings.LANGUAGE_COOKIE_NAME, profile.language)
        with translation.override(profile.language or translation.get_language()):
            messages.success(self.request, _("Saved."))
        return answer


class SecurityPage(PersonPage):
    """/settings/security/"""

    template_name, tab = "clients/security.html", "security"

    def get(self, request: HttpRequest) -> HttpResponse:
        """What protects the account, each with where to change it."""
        return self.show(
            email=EmailAddress.objects.get_primary(self.person),
            has_second_factor=Authenticator.objects.filter(user=self.person, type=Authenticator.Type.TOTP).exists(),
            sessions=UserSession.objects.filter(user=self.person)[:100].count(),
            must_have_second_factor=settings.STAFF_MFA_REQUIRED and self.person.is_staff,
        )
