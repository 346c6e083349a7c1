"""Inviting people into a client: the token goes out by mail, and we keep its digest alone."""

import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.audit.record import record
from apps.clients.models import Invitation, Membership
from apps.clients.people import owners_only
from lib import crypto
from lib.row_security import client_rows, for_system

LASTS = timedelta(days=7)
# The key of the session under which an invitation waits until the person has an account.
CARRIED = "invitation"
# More open invitations than this would make us a sender of unwanted mail.
MOST_OPEN = 20


def invite(by: Membership, email: str, role: str) -> tuple[Invitation, str]:
    """Invite an address. Returns the invitation and its token. Raises PermissionDenied or ValidationError."""
    owners_only(by)
    validate_email(email)
    if role not in Membership.Role.values:
        raise ValidationError(_("There is no such role."), code="role")
    with transaction.atomic():
        type(by.client).objects.select_for_update().get(pk=by.client_id)
        _check_free(by, email)
        token, invitation = secrets.token_urlsafe(32), Invitation(client=by.client, role=role, invited_by_id=by.user_id)
        invitation.email_index = Invitation.index_of(email)
        invitation.email = email
        _set_token(invitation, token)
        invitation.save()
        _record("invitation.create", invitation, by.user_id)
    return invitation, token


def renew(by: Membership, invitation: Invitation) -> str:
    """A new token for an open or expired invitation; the old one is void. Raises as `invite`."""
    owners_only(by)
    with transaction.atomic():
        stored = _lock(invitation, by)
        token = secrets.token_urlsafe(32)
        _set_token(stored, token)
        stored.save()
        _record("invitation.renew", stored, by.user_id)
    return token


def revoke(by: Membership, invitation: Invitation) -> None:
    """Withdraw an invitation. Raises PermissionDenied or ValidationError."""
    owners_only(by)
    with transaction.atomic():
        stored = _lock(invitation, by)
        stored.revoked_at = timezone.now()
        stored.save()
        _record("invitation.revoke", stored, by.user_id)


@for_system("finding an invitation")
def find(token: str) -> Invitation | None:
    """The open invitation of a token."""
    found = Invitation.objects.filter(token_digest=_digest(token)).select_related("client").first()
    return found if found and _stands(found) else None


def carry(request: HttpRequest, invitation: Invitation) -> None:
    """Remember in the session that the bearer proved the token."""
    request.session[CARRIED] = invitation.pk


@for_system("finding an invitation")
def carried(request: HttpRequest) -> Invitation | None:
    """The open invitation whose token this session proved."""
    key = request.session.get(CARRIED)
    found = Invitation.objects.filter(pk=key).select_related("client").first() if isinstance(key, int) else None
    return found if found and _stands(found) else None


def drop(request: HttpRequest) -> None:
    """Forget the invitation of this session."""
    request.session.pop(CARRIED, None)


@for_system("finding an invitation")
def open_for(user: User) -> list[Invitation]:
    """The open invitations for addresses that the person proved to own."""
    indexes = [Invitation.index_of(email) for email in _addresses_of(user, verified=True)]
    rows = Invitation.objects.filter(email_index__in=indexes, accepted_at=None, revoked_at=None)
    return [row for row in rows.select_related("client").order_by("pk") if _stands(row)]


def accept_as(user: User, invitation: Invitation, *, has_token: bool) -> Membership:
    """Become a member. Raises ValidationError if the invitation is for somebody else, or open no more.

    `has_token`: the person came with the token. Without a mail server no address can be proved; then the token and
    the person's word must do.
    """
    addresses = _addresses_of(user, verified=bool(settings.EMAIL_HOST) or not has_token)
    if not any(map(invitation.is_for, addresses)):
        raise ValidationError(_("This invitation is for another e-mail address."), code="other_email")
    return accept(invitation, user)


def _addresses_of(user: User, *, verified: bool) -> list[str]:
    rows = EmailAddress.objects.filter(user=user)
    return list((rows.filter(verified=True) if verified else rows).values_list("email", flat=True))


def accept(invitation: Invitation, user: User) -> Membership:
    """Make the person a member; the caller knows that the address is the person's. Raises ValidationError."""
    with client_rows(invitation.client_id):
        stored = Invitation.objects.select_for_update(of=("self",)).select_related("client").get(pk=invitation.pk)
        if not _stands(stored):
            raise ValidationError(_("This invitation is no longer valid. Ask for a new one."), code="void")
        stored.accepted_at = timezone.now()
        stored.save()
        membership, _created = Membership.objects.get_or_create(
            client=stored.client, user=user, defaults={"role": stored.role}
        )
        _record("invitation.accept", stored, user.pk)
    return membership


def open_of(membership: Membership) -> QuerySet[Invitation]:
    """The invitations of a client that are neither accepted nor revoked, for its owners."""
    rows = Invitation.objects.filter(client_id=membership.client_id, accepted_at=None, revoked_at=None)
    return rows.order_by("-pk") if membership.is_owner else rows.none()


def _stands(invitation: Invitation) -> bool:
    return invitation.is_open and invitation.client.erasing_at is None


def _check_free(by: Membership, email: str) -> None:
    members = EmailAddress.objects.filter(email__iexact=email, user__memberships__client_id=by.client_id)
    if members.exists():
        raise ValidationError(_("This person is a member already."), code="member")
    open_ones = Invitation.objects.filter(client_id=by.client_id, accepted_at=None, revoked_at=None)
    if open_ones.filter(email_index=Invitation.index_of(email)).exists():
        raise ValidationError(_("This address is invited already. You can send the invitation again."), code="invited")
    if len(open_ones.values_list("pk")[:MOST_OPEN]) >= MOST_OPEN:
        raise ValidationError(_("Too many invitations are open. Revoke some first."), code="too_many")


def _lock(invitation: Invitation, by: Membership) -> Invitation:
    stored = (
        Invitation.objects.select_for_update()
        .filter(pk=invitation.pk, client_id=by.client_id, accepted_at=None, revoked_at=None)
        .first()
    )
    if stored is None:
        raise ValidationError(_("This invitation is no longer open."), code="void")
    return stored


def _set_token(invitation: Invitation, token: str) -> None:
    invitation.token_digest = _digest(token)
    invitation.expires_at = timezone.now() + LASTS


def _digest(token: str) -> bytes:
    return crypto.digest(token.encode("utf-8", "replace"), "invitation")


def _record(action: str, invitation: Invitation, actor: int) -> None:
    record(action, actor=actor, subject=invitation, client=invitation.client_id, role=str(invitation.role))
