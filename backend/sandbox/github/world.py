"""The data of the emulated GitHub: apps, users, tokens, repositories with their issues, pulls and hooks.

At the start: the OAuth app of CLIENT_ID, the users ana and bruno, ana's public repository loja and private cofre,
bruno's private segredo.
"""

import itertools
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox import keys

CLIENT_ID, CLIENT_SECRET = keys.GITHUB_CLIENT_ID, keys.GITHUB_CLIENT_SECRET
CALLBACK = "http://127.0.0.1/"
CODE_SECONDS = 600
TOKEN_SECONDS = 28800
REFRESH_SECONDS = 15897600
LIMIT = 5000
WINDOW_SECONDS = 3600


@dataclass
class Token:
    """An access token. `expires_at` is None for an OAuth app's token, which does not expire."""

    value: str
    login: str
    client_id: str
    scopes: list[str]
    expires_at: float | None = None
    refresh: str = ""


@dataclass
class Code:
    """An authorization code. It works once, within ten minutes."""

    login: str
    client_id: str
    scopes: list[str]
    redirect_uri: str
    challenge: str
    made_at: float = field(default_factory=time.time)


@dataclass
class Hook:
    """A repository's webhook and its deliveries, oldest first."""

    id: int
    url: str
    secret: str
    events: list[str]
    content_type: str = "form"
    active: bool = True
    deliveries: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Repo:
    """A repository. `writers` may push and see it when it is private; its owner is one of them."""

    id: int
    owner: str
    name: str
    private: bool = False
    archived: bool = False
    has_issues: bool = True
    branches: list[str] = field(default_factory=lambda: ["main", "novo"])
    writers: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=lambda: ["bug"])
    issues: list[dict[str, Any]] = field(default_factory=list)
    hooks: dict[int, Hook] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def writable(self, login: str) -> bool:
        return login == self.owner or login in self.writers


class World:
    """All of the emulator's data. `begin` starts it over."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """The state at the start."""
        self._ids: Iterator[int] = itertools.count(1001)
        self.apps = {CLIENT_ID: {"secret": CLIENT_SECRET, "callback": CALLBACK}}
        self.users: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, Token] = {}
        self.refreshes: dict[str, Token] = {}
        self.repos: dict[str, Repo] = {}
        self.switches: dict[str, Any] = {"auto_approve": "", "expiring": False, "token_seconds": TOKEN_SECONDS}
        self.remaining, self.resets_at, self.limit_status = LIMIT, time.time() + WINDOW_SECONDS, 403
        for login in ("ana", "bruno"):
            self.add_user(login)
        self.add_repo("ana", "loja")
        self.add_repo("ana", "cofre", private=True)
        self.add_repo("bruno", "segredo", private=True)

    def next_id(self) -> int:
        return next(self._ids)

    def add_user(self, login: str) -> dict[str, Any]:
        self.users[login] = {"login": login, "id": self.next_id(), "type": "User", "site_admin": False}
        return self.users[login]

    def add_repo(self, owner: str, name: str, **more: Any) -> Repo:
        repo = Repo(self.next_id(), owner, name, **more)
        self.repos[repo.full_name.lower()] = repo
        return repo

    def add_token(self, login: str, client_id: str, scopes: list[str], *, expiring: bool) -> Token:
        """An OAuth app's `gho_` token, or a GitHub App's `ghu_` one that ends and can be refreshed."""
        token = Token(("ghu_" if expiring else "gho_") + secrets.token_hex(18), login, client_id, scopes)
        if expiring:
            token.expires_at = time.time() + self.switches["token_seconds"]
            token.refresh = "ghr_" + secrets.token_hex(38)
            self.refreshes[token.refresh] = token
        self.tokens[token.value] = token
        return token

    def spend(self) -> bool:
        """Count one API call. Returns whether the limit allows it."""
        if time.time() >= self.resets_at:
            self.remaining, self.resets_at = LIMIT, time.time() + WINDOW_SECONDS
        if self.remaining <= 0:
            return False
        self.remaining -= 1
        return True


WORLD = web.AppKey("world", World)
