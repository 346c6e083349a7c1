"""Who is here: a signed cookie, and the token that our own forms carry.

Anybody may call themselves anything: this is an example, and your application knows better who its users are. What is
worth copying is that the cookie cannot be forged, and that no other site can send a form in a user's name. Nothing is
kept on the server: a cookie that somebody copied is good until it ends, also after its user has left.
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
    """A browser, and who uses it: "" before they have said so."""

    id: str
    user: str
    ends: float

    @classmethod
    def begun(cls, user: str = "") -> Self:
        """A new one: also at every login, so that nobody can prepare one for another."""
        return cls(secrets.token_urlsafe(16), user, time.time() + LASTS)


class Sessions:
    """Signs and reads cookies with one key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def written(self, session: Session) -> str:
        """A cookie's value."""
        body = urlsafe_b64encode(json.dumps([session.id, session.user, session.ends]).encode()).decode()
        return f"{body}.{self._signed('cookie', body)}"

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie's value; None when there is none, it has ended, or we did not write it."""
        body, _, given = cookie.partition(".")
        if not hmac.compare_digest(given.encode(), self._signed("cookie", body).encode()):
            return None
        session = Session(*json.loads(urlsafe_b64decode(body)))
        return session if session.ends > time.time() else None

    def form_token(self, session: Session) -> str:
        """What our forms carry: only somebody who can read our pages with this cookie knows it."""
        return self._signed("form", session.id)

    def is_ours(self, session: Session | None, token: str) -> bool:
        """Whether a form with this token came from a page of ours."""
        return session is not None and hmac.compare_digest(token.encode(), self.form_token(session).encode())

    def _signed(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}|{text}".encode(), hashlib.sha256).hexdigest()
