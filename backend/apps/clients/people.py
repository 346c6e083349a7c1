"""The clients of people: a personal one for each new person, more on request, and their names."""

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.audit.record import record
from apps.clients.models import Client, Membership
from lib.row_security import client_rows


def welcome(user: User) -> Membership:
    """The personal client of a new person, named for the first name."""
    return create_client(user, user.first_name or _("Personal"))


def create_client(user: User, name: str) -> Membership:
    """A new client with its creator as the owner. Raises ValidationError."""
    client = Client(name=_clean(name))
    with client_rows(client.pk):
        client.save(force_insert=True)
        membership = Membership.objects.create(client=client, user=user, role=Membership.Role.OWNER)
        record("client.create", actor=user.pk, subject=client, client=client.pk)
    return membership


def rename(by: Membership, name: str) -> None:
    """Give the client another name. Raises PermissionDenied (not an owner) or ValidationError."""
    owners_only(by)
    with transaction.atomic():
        Client.objects.filter(pk=by.client_id).update(name=_clean(name))
        record("client.rename", actor=by.user_id, subject=by.client, client=by.client_id)


def owners_only(membership: Membership) -> None:
    """Raises PermissionDenied unless the person is an owner."""
    if not membership.is_owner:
        raise PermissionDenied("only an owner may do this")


def _clean(name: str) -> str:
    name = " ".join(name.split())
    longest = Client._meta.get_field("name").max_length or 0
    if not name or len(name) > longest or not name.isprintable():
        raise ValidationError(_("Give a name of 1 to %(longest)d characters.") % {"longest": longest}, code="name")
    return name
