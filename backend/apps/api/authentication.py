"""Who calls: a personal access token, a JSON web token, or the session of a page. Each gives an Access."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.request import Request

from apps.api import jwt
from apps.api.errors import CHALLENGE, invalid_token
from apps.api.scopes import Access, scopes_of_person
from apps.api.token_text import BEGINNING
from apps.api.tokens import find_token, note_use, scopes_of

_LONGEST = 4000


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` with a personal access token or a JSON web token."""

    def authenticate(self, request: Request) -> tuple[Any, Access] | None:
        """The person and the access; None without the header. Raises Refused for a header that opens nothing."""
        parts = get_authorization_header(request).split()
        if not parts:
            return None
        if len(parts) != 2 or parts[0].lower() != b"bearer" or len(parts[1]) > _LONGEST:
            raise invalid_token()
        text = parts[1].decode("latin-1")
        access = self._by_token(text) if text.startswith(BEGINNING) else self._by_jwt(text)
        return access.user, access

    def authenticate_header(self, request: Request) -> str:
        """What an answer 401 asks for. Without it, DRF would answer 403."""
        return CHALLENGE

    def _by_token(self, text: str) -> Access:
        token = find_token(text)
        if token is None:
            raise invalid_token()
        note_use(token)
        return Access("token", token.member.user, token.member, scopes_of(token), token)

    def _by_jwt(self, text: str) -> Access:
        user, member = jwt.person_of(text)
        return Access("jwt", user, member, scopes_of_person(user))


class PageAuthentication(SessionAuthentication):
    """The session of somebody who uses the pages. A change needs the CSRF token too."""

    def authenticate(self, request: Request) -> tuple[Any, Access] | None:
        """The person and the access; None for a stranger."""
        found = super().authenticate(request)
        if found is None:
            return None
        user = found[0]
        # The middleware of apps.clients has read which of their clients the person looks at.
        member = getattr(request._request, "membership", None)
        return user, Access("session", user, member, scopes_of_person(user))
