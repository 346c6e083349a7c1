"""A person at the pages without a browser: opens a page, presses a button of a form, follows redirects."""

from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from ponte_demo.forms import Forms
from ponte_demo.telling import Failed

TIMEOUT = (2, 30)


class Visitor:
    """`url` and `html`: the page that they see."""

    def __init__(self, base: str, user: Any) -> None:
        self.url, self.html = base, ""
        # Signing in would make the address void that the demo prints.
        self._stored = SessionStore()
        self._stored[SESSION_KEY] = str(user.pk)
        self._stored[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        self._stored[HASH_SESSION_KEY] = user.get_session_auth_hash()
        self._stored.save()
        self._session = requests.Session()
        self._session.headers["Accept-Language"] = "pt-BR"
        cookie = {"domain": urlsplit(base).hostname, "path": "/"}
        self._session.cookies.set(settings.SESSION_COOKIE_NAME, self._stored.session_key or "", **cookie)

    def open(self, path: str) -> None:
        """Look at a page. Raises Failed if it is an error."""
        self._see(self._session.get(urljoin(self.url, path), timeout=TIMEOUT))

    def press(self, button: str, **typed: str) -> None:
        """Press the button with this text, with what is typed into the form. Raises Failed if there is none."""
        for form in Forms(self.html).found:
            if (pressed := form.pressed(button)) is not None:
                sent = {**form.fields, **typed, **({pressed.name: pressed.value} if pressed.name else {})}
                self._see(self._session.post(urljoin(self.url, form.action), data=sent, timeout=TIMEOUT))
                return
        raise Failed(f"{self.url} has no button “{button}”")

    def leave(self) -> None:
        """End the session."""
        self._stored.delete()

    def _see(self, answer: requests.Response) -> None:
        if not answer.ok:
            raise Failed(f"{answer.request.method} {answer.url} was answered {answer.status_code}")
        self.url, self.html = answer.url, answer.text
