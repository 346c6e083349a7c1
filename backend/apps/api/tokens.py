"""Making, finding and revoking personal access tokens."""

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from apps.api import trail
from apps.api.models import AccessToken
from apps.api.scopes import granted, scopes_of_member
from apps.api.token_text import SHOWN, is_well_formed, make_text
from apps.audit.record import Via
from apps.clients.models import Membership
from lib import crypto
from lib.errors import Permanent
from lib.row_security import for_client, for_system

# A person with more has lost sight of them.
MOST_VALID = 50
# A write for each call would cost more than the call.
NOTE_USE_EVERY = timedelta(minutes=1)


def make_token(
    member: Membership, name: str, scopes: Iterable[str], *, days: int | None, via: Via = Via.SESSION
) -> tuple[AccessToken, str]:
    """A new token and its text, which is stored nowhere: show it once. `days` is None for a token without an end.

    Raises Permanent if the person may not give a scope away, or has too many tokens.
    """
    wanted = sorted({str(scope) for scope in scopes})
    if refused := set(wanted) - scopes_of_member(member):
        raise Permanent(f"you may not give a token the scope {min(refused)}", code="SCOPE_REFUSED")
    if not wanted:
        raise Permanent("a token needs at least one scope", code="SCOPE_REFUSED")
    if _number_of_valid(member.user_id) >= MOST_VALID:
        raise Permanent(f"you have {MOST_VALID} valid tokens; revoke one first", code="TOO_MANY_TOKENS")
    text = make_text()
    with for_client(member.client_id):
        token = AccessToken.objects.create(
            member=member,
            name=name,
            scopes=wanted,
            prefix=text[:SHOWN],
            lookup=_lookup(text),
            digest=_digest(text),
            expires_at=timezone.now() + timedelta(days=days) if days is not None else None,
        )
    trail.token_made(token, via=via)
    return token, text


@for_system("finding a token")
def find_token(text: str) -> AccessToken | None:
    """The valid token with this text, with its membership, person and client in the same query; else None."""
    if not is_well_formed(text):
        return None
    rows = AccessToken.objects.valid().select_related("member__user", "member__client")
    token: AccessToken | None = rows.filter(lookup=_lookup(text)).first()
    # The index has compared a digest already; this comparison takes the same time whatever differs.
    return token if token and hmac.compare_digest(bytes(token.digest), _digest(text)) else None


def scopes_of(token: AccessToken) -> frozenset[str]:
    """What the token may do now. The staff scope ends when its person is no longer staff."""
    return granted(token.scopes, token.member.user)


def note_use(token: AccessToken) -> None:
    """Record that the token was used: at most one write a minute, and one line of the audit a day."""
    now = timezone.now()
    before = token.last_used_at
    if before is not None and now - before < NOTE_USE_EVERY:
        return
    due = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTE_USE_EVERY)
    # Of several calls at once only one writes.
    with for_client(token.member.client_id):
        is_noted = AccessToken.objects.filter(due, pk=token.pk).update(last_used_at=now)
    if is_noted and not _same_day(before, now):
        trail.token_used(token)


@for_system("tokens of a person")
def revoke_token(user_id: int, token_id: int, *, via: Via = Via.SESSION, by: int | None = None) -> bool:
    """End one of a person's tokens. False if the person has no such token; again is no error.

    `by` is the id of the token that made the call, if one did.
    """
    token = AccessToken.objects.of_person(user_id).select_related("member__user").filter(pk=token_id).first()
    if token is None:
        return False
    if AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        trail.token_revoked(token, via=via, by=by)
    return True


@for_system("tokens of a person")
def _number_of_valid(user_id: int) -> int:
    number: int = AccessToken.objects.valid().filter(member__user_id=user_id).count()
    return number


def _same_day(before: datetime | None, now: datetime) -> bool:
    return before is not None and timezone.localdate(before) == timezone.localdate(now)


def _lookup(text: str) -> bytes:
    return crypto.digest(text.encode(), "api.AccessToken.lookup")


def _digest(text: str) -> bytes:
    return crypto.digest(text.encode(), "api.AccessToken.digest")
