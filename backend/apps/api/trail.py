"""What the audit says about tokens and calls.

A row for each call would let a program that polls fill the table. So reading leaves one line for each token and day,
the first use. Each change that a call makes leaves a line of its own: it is rare, and somebody may ask who did it.
"""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model

from apps.api.models import AccessToken
from apps.api.scopes import Access
from apps.audit.record import Via, record


def logged_in(user: User) -> None:
    """A person got a first pair of JSON web tokens. The pairs after it leave no line."""
    record("login.jwt", actor=user.pk, via=Via.JWT, subject=user)


def token_made(token: AccessToken, *, via: Via) -> None:
    """A person made a token."""
    _of_token("token.create", token, via=via, scopes=list(token.scopes))


def token_revoked(token: AccessToken, *, via: Via, by: int | None = None) -> None:
    """A person ended a token. `by` is the id of the token that made the call, if one did."""
    _of_token("token.revoke", token, via=via, by=by)


def token_used(token: AccessToken) -> None:
    """The first use of a token on a day."""
    _of_token("token.use", token, via=Via.TOKEN, by=token.pk)


def changed(access: Access, action: str, subject: Model | str = "", *, reason: str = "", **details: Any) -> None:
    """A call changed something. Call it in the transaction of the change. `reason` is what staff wrote."""
    record(
        action,
        actor=access.user.pk,
        via=Via(access.via),
        token=access.token.pk if access.token else None,
        subject=subject,
        client=access.client.pk if access.client else None,
        reason=reason,
        **details,
    )


def _of_token(action: str, token: AccessToken, *, via: Via, by: int | None = None, **details: Any) -> None:
    member = token.member
    record(action, actor=member.user_id, via=via, token=by, subject=token, client=member.client_id, **details)
