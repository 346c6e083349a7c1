"""JSON web tokens: what they say, who may have one, and the exchange of an old one for a new one."""

import hmac
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken
from rest_framework_simplejwt.utils import datetime_from_epoch

from apps.api.errors import Refused, invalid_token
from apps.clients.models import Membership
from lib.row_security import for_system

# Whose tokens they are, for which client, and a mark that changes with the password.
PERSON, CLIENT, LOGIN = "user_id", "client_id", "login"


@dataclass(frozen=True)
class Pair:
    """What a caller gets: `access` for calls, `refresh` for the next pair. Seconds until `access` ends."""

    access: str
    refresh: str
    expires_in: int


def make_pair(user: User, client: UUID | None) -> Pair:
    """A pair for a person and one of the person's clients; without `client` the one that they joined first.

    Raises Refused if the person is no member of it.
    """
    member = _membership(user.pk, client)
    if client is not None and member is None:
        raise Refused(403, "NO_CLIENT", _("You are no member of this client."))
    refresh = RefreshToken()
    refresh[PERSON] = str(user.pk)
    refresh[CLIENT] = str(member.client_id) if member else None
    refresh[LOGIN] = _login_mark(user)
    return _issue(refresh, user)


def exchange(text: str) -> Pair:
    """A new pair for a refresh token, which is void then. Of two exchanges at once one succeeds. Raises Refused."""
    old = _read(RefreshToken, text)
    user = _person(old.payload)
    client = _uuid(old.payload.get(CLIENT))
    with transaction.atomic():
        if not _void(old, user):
            raise invalid_token()
        return make_pair(user, client)


def revoke(text: str) -> None:
    """Make a refresh token void. Raises Refused if it is none of ours."""
    old = _read(RefreshToken, text)
    with transaction.atomic():
        _void(old, _person(old.payload))


@for_system("membership of a person")
def person_of(text: str) -> tuple[User, Membership | None]:
    """Whose access token this is, and the membership that it is for. Raises Refused."""
    payload = _read(AccessToken, text).payload
    client = _uuid(payload.get(CLIENT))
    if client is None:
        return _person(payload), None
    members = Membership.objects.of_person(_number(payload.get(PERSON))).select_related("user", "client")
    member = members.filter(client_id=client).first()
    if member is None:
        raise invalid_token()
    return _checked(member.user, payload), member


def _issue(refresh: RefreshToken, user: User) -> Pair:
    expires = datetime_from_epoch(refresh["exp"])
    # The library would store the whole token; its id is enough to make it void, and opens nothing.
    OutstandingToken.objects.create(
        user=user, jti=refresh["jti"], token="", created_at=refresh.current_time, expires_at=expires
    )
    access = refresh.access_token
    return Pair(str(access), str(refresh), int(access.lifetime.total_seconds()) if access.lifetime else 0)


def _void(token: RefreshToken, user: User) -> bool:
    """Whether this call made it void."""
    row, _new = OutstandingToken.objects.get_or_create(
        jti=token["jti"], defaults={"user": user, "token": "", "expires_at": datetime_from_epoch(token["exp"])}
    )
    return BlacklistedToken.objects.get_or_create(token=row)[1]


def _read(kind: type[Any], text: str) -> Any:
    try:
        return kind(text)
    except TokenError:
        raise invalid_token() from None


def _person(payload: dict[str, Any]) -> User:
    user = User.objects.filter(pk=_number(payload.get(PERSON))).first()
    if user is None:
        raise invalid_token()
    return _checked(user, payload)


def _checked(user: User, payload: dict[str, Any]) -> User:
    if not user.is_active or not hmac.compare_digest(str(payload.get(LOGIN)), _login_mark(user)):
        raise invalid_token()
    return user


@for_system("membership of a person")
def _membership(user_id: int, client: UUID | None) -> Membership | None:
    members = Membership.objects.of_person(user_id)
    member: Membership | None = (members.filter(client_id=client) if client else members).first()
    return member


def _login_mark(user: User) -> str:
    return user.get_session_auth_hash()[:16]


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value)) if value is not None else None
    except ValueError:
        return None


def _number(value: object) -> int:
    """The id of a person; for anything else 0, which is the id of no person."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19 else 0
