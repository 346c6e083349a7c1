"""Who calls: a personal access token, a JSON web token, or the session of a page. Each gives an Access."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.request import Request

from apps.api import jwt
from apps.api.errors import Refused
from apps.api.scopes import Access, scopes_of_person
from apps.api.token_text import BEGINNING
from apps.api.tokens import find_token, note_use, scopes_of

CHALLENGE = 'Bearer realm="api"'
_LONGEST = 4000


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` with a personal access token or a JSON web token."""

    def authenticate(self, request: Request) -> tuple[Any, Access] | None:
        """The person and the access; None without the header. Raises Refused for a header that opens nothing."""
        parts = get_authorization_header(request).split()
        if not parts:
            return None
        if len(parts) != 2 or parts[0].lower() != b"bearer" or len(parts[1]) > _LONGEST:
            raise self._refused()
        text = parts[1].decode("latin-1")
        access = self._by_token(text) if text.startswith(BEGINNING) else self._by_jwt(text)
        return access.user, access

    def authenticate_header(self, request: Request) -> str:
        """What an answer 401 asks for."""
        return CHALLENGE

    def _by_token(self, text: str) -> Access:
        token = find_token(text)
        if token is None:
            raise self._refused()
        note_use(token)
        return Access("token", token.member.user, token.member, scopes_of(token), token)

    def _by_jwt(self, text: str) -> Access:
        try:
            user, member = jwt.person_of(text)
        except Refused:
            raise self._refused() from None
        return Access("jwt", user, member, scopes_of_person(user))

    def _refused(self) -> Refused:
        refused = Refused(401, "INVALID_TOKEN", _("This token is not valid: it is wrong, expired or revoked."))
        refused.auth_header = CHALLENGE
        return refused


class PageAuthentication(SessionAuthentication):
    """The session of somebody who uses the pages. A change needs the CSRF token too."""

    def authenticate(self, request: Request) -> tuple[Any, Access] | None:
        """The person and the access; None if nobody is signed in."""
        found = super().authenticate(request)
        if found is None:
            return None
        user = found[0]
        # The middleware of apps.clients has read which of their clients the person looks at.
        member = getattr(request._request, "membership", None)
        return user, Access("session", user, member, scopes_of_person(user))

    def authenticate_header(self, request: Request) -> str:
        """The same as for a token, so that a call without either is answered with 401."""
        return CHALLENGE
