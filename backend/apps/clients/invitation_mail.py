"""The mail of an invitation."""

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from apps.clients.models import Invitation


def address_of(request: HttpRequest, token: str) -> str:
    """The address under which the invitation is accepted."""
    return request.build_absolute_uri(reverse("clients:invitation", args=[token]))


def send(request: HttpRequest, invitation: Invitation, token: str) -> bool:
    """Send the token to the invited address. False if this server sends no mail."""
    if not settings.EMAIL_HOST:
        return False
    context = {
        "invitation": invitation,
        "role": invitation.get_role_display(),
        "url": address_of(request, token),
    }
    get_adapter().send_mail("clients/mail/invitation", invitation.email, context)
    return True
