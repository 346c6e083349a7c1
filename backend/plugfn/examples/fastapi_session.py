"""The session: a signed cookie, and a token in our forms.

Users log in with any name, because this is an example; use your application's own login instead. Two things are worth
copying: the cookie cannot be forged, and no other site can send a form in a user's name. The server stores no sessions,
so a stolen cookie works until it expires, even after its user has logged out.
"""

import hashlib
import hmac
import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Self

COOKIE = "sessao"
LASTS = 8 * 3600
"""Seconds."""


@dataclass(frozen=True)
class Session:
    """A browser and its user; "" before the login."""

    id: str
    user: str
    ends: float

    @classmethod
    def begun(cls, user: str = "") -> Self:
        """A new session. Every login starts one too, to prevent session fixation."""
        return cls(secrets.token_urlsafe(16), user, time.time() + LASTS)


class Sessions:
    """Signs and reads cookies with one key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def written(self, session: Session) -> str:
        """The value of the session's cookie."""
        body = urlsafe_b64encode(json.dumps([session.id, session.user, session.ends]).encode()).decode()
        return f"{body}.{self._signed('cookie', body)}"

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie's value. None if it is missing, expired, or not signed by us."""
        body, _, given = cookie.partition(".")
        if not hmac.compare_digest(given.encode(), self._signed("cookie", body).encode()):
            return None
        session = Session(*json.loads(urlsafe_b64decode(body)))
        return session if session.ends > time.time() else None

    def form_token(self, session: Session) -> str:
        """The token in our forms. Only a browser with this cookie can read it from our pages."""
        return self._signed("form", session.id)

    def is_ours(self, session: Session | None, token: str) -> bool:
        """Whether a form with this token came from a page of ours."""
        return session is not None and hmac.compare_digest(token.encode(), self.form_token(session).encode())

    def _signed(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}|{text}".encode(), hashlib.sha256).hexdigest()
