"""What the sign-up asks besides the address and the password."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class SignUp(forms.Form):
    """allauth finds it by ACCOUNT_SIGNUP_FORM_CLASS, and builds its own form on it."""

    first_name = forms.CharField(
        label=_("First name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    field_order = ("first_name", "email", "password1")

    def signup(self, request: HttpRequest, user: Any) -> None:
        """allauth stores the fields itself."""
