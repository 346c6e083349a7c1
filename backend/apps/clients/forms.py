"""The forms of accounts."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class SignUp(forms.Form):
    """What the sign-up asks besides the address and the password. allauth finds it by ACCOUNT_SIGNUP_FORM_CLASS."""

    first_name = forms.CharField(
        label=_("First name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    field_order = ("first_name", "email", "password1")

    def signup(self, request: HttpRequest, user: Any) -> None:
        """allauth stores the fields itself."""


class Login(LoginForm):  # type: ignore[misc]
    """People sign in with their address. An operator's account may have a user name alone, so that works as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail")
        self.fields["login"].widget.attrs = {"autocomplete": "username email", "autofocus": True}
        self.fields["password"].label = _("Password")
        self.fields["password"].widget.attrs = {"autocomplete": "current-password"}
        self.fields["password"].help_text = ""
        self.fields["remember"].label = _("Stay signed in on this device")

    def may_sign_up(self) -> bool:
        """Whether the page offers to create an account."""
        return bool(get_adapter().is_open_for_signup(self.request))
