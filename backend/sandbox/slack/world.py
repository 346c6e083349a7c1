"""The data of the emulated Slack: one app, one workspace with users and channels, tokens, messages.

At the start: the app of CLIENT_ID, the workspace TEAM, the users UANA and UBRUNO and the bot UBOT, the channels geral
(the bot is in it), diretoria (it is not) and antigo (archived).
"""

import itertools
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox import keys

CLIENT_ID, CLIENT_SECRET = keys.SLACK_CLIENT_ID, keys.SLACK_CLIENT_SECRET
SIGNING_SECRET = keys.SLACK_SIGNING_SECRET
APP_ID = "A0SANDBOX1"
TEAM = {"id": "T0SANDBOX1", "name": "Padaria Sol"}
BOT = "UBOT"
BOT_ID = "B0SANDBOX1"
TOKEN_SECONDS = 43200


@dataclass
class Token:
    """A bot's token. `expires_at` is None unless the app rotates its tokens."""

    value: str
    scopes: list[str]
    installer: str
    expires_at: float | None = None
    refresh: str = ""


@dataclass
class Code:
    """An authorization code. It works once, within ten minutes."""

    scopes: list[str]
    redirect_uri: str
    installer: str
    made_at: float = field(default_factory=time.time)


@dataclass
class Channel:
    """A conversation and its messages."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    members: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    posted_at: float = 0.0


class World:
    """All of the emulator's data. `begin` starts it over."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """The state at the start."""
        self._ids: Iterator[int] = itertools.count(1001)
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, Token] = {}
        self.refreshes: dict[str, Token] = {}
        self.revoked: set[str] = set()
        self.users: dict[str, dict[str, Any]] = {}
        self.channels: dict[str, Channel] = {}
        self.events_url, self.deliveries = "", list[dict[str, Any]]()
        self.switches: dict[str, Any] = {
            "auto_approve": "",
            "rotation": False,
            "token_seconds": TOKEN_SECONDS,
            "channel_seconds": 0.0,
            "retry_scale": 0.0001,
            "deadline_seconds": 3.0,
        }
        self.add_user("UANA", "ana")
        self.add_user("UBRUNO", "bruno")
        self.add_user(BOT, "ponte", is_bot=True)
        self.add_channel("geral", members=["UANA", "UBRUNO", BOT])
        self.add_channel("diretoria", members=["UANA"])
        self.add_channel("antigo", members=["UANA", BOT], is_archived=True)

    def next_id(self) -> int:
        return next(self._ids)

    def add_user(self, user_id: str, name: str, *, is_bot: bool = False) -> dict[str, Any]:
        profile = {"real_name": name.title(), "display_name": name, "email": f"{name}@padaria.example"}
        self.users[user_id] = {
            "id": user_id,
            "team_id": TEAM["id"],
            "name": name,
            "deleted": False,
            "real_name": name.title(),
            "tz": "America/Sao_Paulo",
            "tz_offset": -10800,
            "is_bot": is_bot,
            "is_admin": False,
            "profile": profile,
            "updated": 1767614400,
        }
        return self.users[user_id]

    def add_channel(self, name: str, **more: Any) -> Channel:
        channel = Channel(f"C{self.next_id():09d}", name, **more)
        self.channels[channel.id] = channel
        return channel

    def channel(self, id_or_name: str) -> Channel | None:
        """The channel with this id or name. A name may begin with #."""
        name = id_or_name.removeprefix("#")
        by_name = (channel for channel in self.channels.values() if channel.name == name)
        return self.channels.get(id_or_name) or next(by_name, None)

    def add_token(self, scopes: list[str], installer: str, *, rotating: bool) -> Token:
        """A token that does not expire, or with `rotating` one of twelve hours with a single-use refresh token."""
        number = secrets.token_hex(12)
        token = Token(f"xoxe.xoxb-1-{number}" if rotating else f"xoxb-{number}", scopes, installer)
        if rotating:
            token.expires_at = time.time() + self.switches["token_seconds"]
            token.refresh = f"xoxe-1-{secrets.token_hex(20)}"
            self.refreshes[token.refresh] = token
        self.tokens[token.value] = token
        return token

    def stamp(self) -> str:
        """A message's ts: unique in its channel, growing."""
        return f"{int(time.time())}.{self.next_id():06d}"


WORLD = web.AppKey("world", World)
