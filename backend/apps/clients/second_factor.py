"""The second factor: its secrets are sealed, and staff need one where the settings say so."""

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.clients import factor_secrets


class SecondFactor(DefaultMFAAdapter):
    """Seals secrets, and keeps staff from giving up a factor that they need. allauth finds it by MFA_ADAPTER."""

    def encrypt(self, text: str) -> str:
        """The sealed text, in base64."""
        return factor_secrets.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Undo `encrypt`. Raises lib.crypto.Unreadable."""
        return factor_secrets.unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Staff keep theirs while it is required."""
        user: User = authenticator.user
        return not (settings.STAFF_MFA_REQUIRED and bool(user.is_staff))


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether the person must set up a second factor before pages of staff open. One query for each request."""
    if not settings.STAFF_MFA_REQUIRED:
        return False
    if not hasattr(request, "_has_second_factor"):
        request._has_second_factor = _has_one(request.user)  # type: ignore[attr-defined]
    return not bool(request._has_second_factor)  # type: ignore[attr-defined]


def ask_for_second_factor(request: HttpRequest) -> HttpResponse:
    """Where pages of staff send a person who must set one up first."""
    messages.warning(request, _("Set up two-step verification first: this server asks its staff for it."))
    return redirect("mfa_activate_totp")


def _has_one(user: AbstractBaseUser | AnonymousUser) -> bool:
    # The login asks everybody who has one for it, so a person who is signed in has used it.
    return bool(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists())
