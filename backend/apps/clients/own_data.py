"""What this app itself, the audit, allauth and Django hold of clients and of people."""

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.audit.models import Entry
from apps.clients.models import Erasure, Invitation, Membership, Profile
from apps.clients.personal_data import BATCH, Columns, delete_some, register, register_person, without

# Ended invitations stay this long, so that an owner sees what became of them.
INVITATIONS_STAY = timedelta(days=30)
_WITH_THE_CLIENT = "deleted together with the client, in the last step"


def _ended_invitations() -> int:
    return delete_some(Invitation.objects.filter(expires_at__lt=timezone.now() - INVITATIONS_STAY))


def _ended_sessions() -> int:
    """Sessions of Django's and their addresses in allauth's list."""
    ended = list(Session.objects.filter(expire_date__lt=timezone.now()).values_list("pk", flat=True)[:BATCH])
    UserSession.objects.filter(session_key__in=ended).delete()
    deleted, _by_model = Session.objects.filter(pk__in=ended).delete()
    return deleted


def _of_user(model: type[models.Model]) -> Any:
    return lambda user: [model._base_manager.filter(user_id=user)]


def _user(row: User) -> Columns:
    names = ("id", "username", "first_name", "last_name", "email", "date_joined", "last_login", "is_staff")
    return {name: getattr(row, name) for name in names}


register(Membership, _("Members"), erase=False, note=_WITH_THE_CLIENT)
register(Invitation, _("Invitations"), erase=False, note=_WITH_THE_CLIENT, purge=_ended_invitations)
register(
    Entry,
    _("Audit"),
    erase=False,
    note="ids, codes and counts alone; the audit of an erasure must outlive it",
    pieces=lambda client: [Entry._base_manager.filter(client=client)],
)
register(
    Erasure,
    _("Erasures"),
    export=None,
    erase=False,
    note="an order with ids and counts alone, which must outlive the client",
    pieces=lambda client: [Erasure._base_manager.filter(client=client)],
)

register_person(Membership, _("Members"), _of_user(Membership), order=10)
register_person(Profile, _("Profile"), _of_user(Profile))
register_person(EmailAddress, _("E-mail addresses"), _of_user(EmailAddress))
register_person(Authenticator, _("Second factor"), _of_user(Authenticator), export=without("data"))
register_person(UserSession, _("Sessions"), _of_user(UserSession), export=without("session_key"), purge=_ended_sessions)
register_person(LogEntry, _("Changes in the admin"), _of_user(LogEntry))
register_person(User, _("Account"), lambda user: [User._base_manager.filter(pk=user)], export=_user, order=99)
