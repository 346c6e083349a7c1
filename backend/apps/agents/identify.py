"""Who sent a token: the caller of a personal access token, or of a connected application."""

from apps.agents import trail
from apps.agents.caller import Caller
from apps.agents.oauth.credentials import BEGINNINGS, Kind, find, is_current
from apps.api.scopes import Access, granted
from apps.api.token_text import BEGINNING
from apps.api.tokens import find_token, note_use, scopes_of
from lib.row_security import system_rows


def identify(text: str, resource: str) -> Caller | None:
    """The caller; None for a text that opens nothing, and for a token of another `resource`."""
    if text.startswith(BEGINNING):
        return _of_token(text)
    return _of_application(text, resource) if text.startswith(BEGINNINGS[Kind.ACCESS]) else None


def _of_token(text: str) -> Caller | None:
    token = find_token(text)
    if token is None:
        return None
    note_use(token)
    member = token.member
    return Caller(Access("token", member.user, member, scopes_of(token), token), member, token.name)


def _of_application(text: str, resource: str) -> Caller | None:
    with system_rows("finding a token"):
        credential = find(text, Kind.ACCESS)
        if credential is None or not is_current(credential) or credential.grant.resource != resource:
            return None
        grant = credential.grant
        trail.note_use(grant)
    member = grant.member
    return Caller(
        Access("agent", member.user, member, granted(grant.scopes, member.user)),
        member,
        str(grant.application.name),
        grant,
    )
