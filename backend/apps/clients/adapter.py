"""How allauth signs people up and in: our limits, our addresses of clients, our clients for new people."""

import logging
import secrets
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.clients.invitations import accept, carried
from apps.clients.people import welcome
from lib.client_address import of_meta
from lib.errors import Throttled
from lib.login_limit import count_guess

logger = logging.getLogger(__name__)

# What an address is that no proxy told: the column of a session's address takes nothing else.
UNKNOWN = "0.0.0.0"  # noqa: S104


class Accounts(DefaultAccountAdapter):
    """Sign-up, login and mail. allauth finds it by the setting ACCOUNT_ADAPTER."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail address or the password is wrong."),
        "username_password_mismatch": _("The e-mail address or the password is wrong."),
        "too_many_login_attempts": _("Too many attempts. Try again in ten minutes."),
        "other_email": _("The invitation is for another e-mail address."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether a stranger may sign up. A person with an invitation always may."""
        return settings.SIGNUP_ENABLED or carried(request) is not None

    def clean_email(self, email: str) -> str:
        """Refuse another address than that of the invitation, if only the invitation opens the sign-up."""
        invitation = None if settings.SIGNUP_ENABLED else carried(self.request)
        if invitation and not self.request.user.is_authenticated and not invitation.is_for(email):
            raise self.validation_error("other_email")
        return str(super().clean_email(email))

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """People sign in with their address. A name made of it would show it in places where only ids belong."""
        user.username = f"p{secrets.token_hex(8)}"

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Store a new person, together with the client of the invitation or a personal one."""
        with transaction.atomic():
            super().save_user(request, user, form, commit)
            if commit:
                self._give_client(request, user)
        return user

    def _give_client(self, request: HttpRequest, user: User) -> None:
        invitation = carried(request)
        if invitation and invitation.is_for(user.email):
            # The token came to this address.
            self.stash_verified_email(request, user.email)
            accept(invitation, user)
        else:
            welcome(user)

    def get_login_stages(self) -> list[str]:
        """The steps of a login, with our own proof of the address."""
        theirs, ours = "allauth.account.stages.EmailVerificationStage", "apps.clients.stages.ProveAddress"
        return [ours if stage == theirs else stage for stage in super().get_login_stages()]

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the guess in our own budgets, before any password is hashed. Raises ValidationError."""
        try:
            count_guess(credentials.get("email") or credentials.get("username") or "", request.META)
        except Throttled:
            raise self.validation_error("too_many_login_attempts") from None

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits count by and that the list of sessions shows."""
        return of_meta(request.META, settings.TRUSTED_PROXIES).address or UNKNOWN

    def render_mail(
        self, template_prefix: str, email: str | list[str], context: dict[str, Any], headers: Any = None
    ) -> EmailMessage:
        """A mail as text, and the same text as a simple page."""
        mail: EmailMultiAlternatives = super().render_mail(template_prefix, email, context, headers)
        page = {"body": mail.body, "language": get_language()}
        mail.attach_alternative(render_to_string("clients/mail/base.html", page), "text/html")
        return mail

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail. If the mail server refuses, the page says so and goes on: most pages offer to send again."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            logger.error("A mail could not be sent; check the EMAIL settings.", extra={"error": type(error).__name__})
            messages.error(self.request, _("We could not send the e-mail now. Try again in a few minutes."))
