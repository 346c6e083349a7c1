"""Who belongs to a client, and with which role. A client always keeps an owner."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.audit.record import record
from apps.clients.models import Client, Membership
from apps.clients.people import owners_only
from lib.row_security import client_rows


def change_role(by: Membership, of: Membership, role: str) -> None:
    """Give a member of the same client another role. Raises PermissionDenied or ValidationError."""
    owners_only(by)
    if role not in Membership.Role.values:
        raise ValidationError(_("There is no such role."), code="role")
    with client_rows(by.client_id):
        member = _lock(by.client, of)
        if role != Membership.Role.OWNER:
            keep_an_owner(member)
        Membership.objects.filter(pk=member.pk).update(role=role)
        record(
            "member.role", actor=by.user_id, subject=member, client=by.client_id, before=member.role, after=str(role)
        )


def remove(by: Membership, member: Membership) -> None:
    """End another person's membership. What this person connected stays with the client. Raises as `change_role`."""
    owners_only(by)
    _end("member.remove", by, member)


def leave(membership: Membership) -> None:
    """End one's own membership. Raises ValidationError for the last owner."""
    _end("member.leave", membership, membership)


def _end(action: str, by: Membership, member: Membership) -> None:
    with client_rows(by.client_id):
        stored = _lock(by.client, member)
        keep_an_owner(stored)
        record(action, actor=by.user_id, subject=stored, client=by.client_id, role=stored.role, user=stored.user_id)
        # The connections keep their client; their member becomes empty.
        stored.delete()


def _lock(client: Client, member: Membership) -> Membership:
    """The membership as it is now. The client is locked, so two owners cannot leave at once. Raises ValidationError."""
    Client.objects.select_for_update().get(pk=client.pk)
    stored: Membership | None = Membership.objects.select_related("client").filter(pk=member.pk, client=client).first()
    if stored is None:
        raise ValidationError(_("This person is no longer a member."), code="gone")
    return stored


def is_last_owner(member: Membership) -> bool:
    """Whether the client would have no owner without this one."""
    owners = Membership.objects.filter(client=member.client_id, role=Membership.Role.OWNER)
    return member.is_owner and not owners.exclude(pk=member.pk).exists()


def keep_an_owner(leaving: Membership) -> None:
    """Raises ValidationError if this is the client's last owner."""
    if is_last_owner(leaving):
        raise ValidationError(
            _("A client needs an owner. Make somebody else an owner first, or erase the client."), code="last_owner"
        )
