"""Erasing a person: the account and all that is the person's own. What the person connected stays with its client."""

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.audit.record import record
from apps.clients.members import leave
from apps.clients.models import Client, Membership
from apps.clients.personal_data import OF_PEOPLE
from lib.row_security import for_system


@for_system("erasing a person")
def clients_without_another_owner(user: User) -> list[Client]:
    """The clients that would have no owner without this person."""
    owned = Membership.objects.of_person(user.pk).filter(role=Membership.Role.OWNER).select_related("client")
    others = Membership.objects.filter(role=Membership.Role.OWNER, client__in=[row.client_id for row in owned])
    kept = set(others.exclude(user=user).values_list("client_id", flat=True))
    return [row.client for row in owned if row.client_id not in kept]


@for_system("erasing a person")
def erase_person(user: User) -> None:
    """Delete the account, and sign the person out everywhere. Raises ValidationError for the last owner of a client."""
    with transaction.atomic():
        if clients_without_another_owner(user):
            raise ValidationError(
                _("You are the only owner of a client. Make somebody else an owner first, or erase the client."),
                code="last_owner",
            )
        record("account.erase", actor=user.pk, subject=user)
        for membership in Membership.objects.of_person(user.pk).select_related("client"):
            leave(membership)
        for session in UserSession.objects.filter(user=user):
            session.end()
        for holding in OF_PEOPLE:
            while holding.erase is not None and holding.erase(user.pk):
                pass
