"""The forms of accounts: allauth's, with labels of ours and nothing in the fields that looks like a value."""

from contextlib import suppress
from typing import Any

from allauth.account import forms as theirs
from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.utils.translation import gettext_lazy as _

from apps.clients import factor_secrets

LABELS = {
    "login": _("E-mail"),
    "email": _("E-mail"),
    "password": _("Password"),
    "password1": _("Password"),
    "password2": _("The same password again"),
    "oldpassword": _("Current password"),
    "remember": _("Stay signed in on this device"),
    "code": _("Code"),
}


class Labelled:
    """Gives the fields of a form their labels."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class Login(Labelled, theirs.LoginForm):  # type: ignore[misc]
    """People sign in with their address. An operator's account may have a user name alone, so that works as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs = {"autocomplete": "username", "autofocus": True}
        # The link to a forgotten password stands below.
        self.fields["password"].help_text = ""

    def may_sign_up(self) -> bool:
        """Whether the page offers to create an account."""
        return bool(get_adapter().is_open_for_signup(self.request))


class SignUp(Labelled, theirs.SignupForm):  # type: ignore[misc]
    pass


class AddEmail(Labelled, theirs.AddEmailForm):  # type: ignore[misc]
    pass


class ChangePassword(Labelled, theirs.ChangePasswordForm):  # type: ignore[misc]
    pass


class SetPassword(Labelled, theirs.SetPasswordForm):  # type: ignore[misc]
    pass


class ResetPassword(Labelled, theirs.ResetPasswordForm):  # type: ignore[misc]
    pass


class ResetPasswordFromKey(Labelled, theirs.ResetPasswordKeyForm):  # type: ignore[misc]
    pass


class Reauthenticate(Labelled, theirs.ReauthenticateForm):  # type: ignore[misc]
    pass


class Authenticate(Labelled, AuthenticateForm):  # type: ignore[misc]
    pass


class ReauthenticateWithCode(Labelled, ReauthenticateForm):  # type: ignore[misc]
    pass


class ActivateApp(Labelled, ActivateTOTPForm):  # type: ignore[misc]
    """Keeps the secret sealed in the session: sessions lie in the database, and thus in its backups, as plain text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session = context.request.session
        sealed = session.pop(SECRET_SESSION_KEY, "")
        # If there is none yet, or no key opens it, allauth makes another.
        with suppress(ValueError):
            session[SECRET_SESSION_KEY] = factor_secrets.unseal(sealed)
        super().__init__(*args, **kwargs)
        session[SECRET_SESSION_KEY] = factor_secrets.seal(self.secret)
