"""The form that makes a personal access token."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.api.scopes import Scope, scopes_of_member
from apps.clients.models import Membership

# What the page offers, in days; 0 is no end. The API takes any number of days.
DURATIONS = [("30", _("30 days")), ("90", _("90 days")), ("365", _("1 year")), ("0", _("no end"))]


class NewTokenForm(forms.Form):
    """A name, what the token may do, and for how long."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Which program will use it, such as “Home spreadsheet”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), widget=forms.CheckboxSelectMultiple, initial=[Scope.READ]
    )
    days = forms.ChoiceField(label=_("How long it is valid"), choices=DURATIONS, initial="90")

    def __init__(self, *args: Any, member: Membership, **more: Any) -> None:
        super().__init__(*args, **more)
        allowed = scopes_of_member(member)
        choices = [(scope.value, scope.label) for scope in Scope if scope.value in allowed]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]

    @property
    def lifetime(self) -> int | None:
        """Days; None for a token without an end."""
        return int(self.cleaned_data["days"]) or None
