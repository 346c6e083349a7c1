"""The Web API's methods: every answer has status 200 and `ok`, except 429 when a rate limit is reached.

Source: https://docs.slack.dev/reference/methods
"""

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from .events import emit
from .world import APP_ID, BOT, BOT_ID, TEAM, WORLD, Channel, Token, World

LONGEST_TEXT = 40_000
LONGEST_NAME = 80
Arguments = Mapping[str, Any]
Method = Callable[[web.Application, Token, Arguments], Awaitable[dict[str, Any]]]


class Refused(Exception):
    """A method that fails with this code."""

    def __init__(self, code: str, *, status: int = 200, retry_after: int | None = None, **more: str) -> None:
        super().__init__(code)
        self.status, self.retry_after = status, retry_after
        self.document = {"ok": False, "error": code, **more}


async def call(request: web.Request) -> web.Response:
    """Calls a method by its name."""
    world, name = request.app[WORLD], request.match_info["method"]
    try:
        known = METHODS.get(name)
        if known is None:
            raise Refused("unknown_method", req_method=name)
        method, scope, takes_json = known
        found = await _arguments(request, takes_json=takes_json)
        token = _token(request, found, world)
        _permit(token, scope)
        return web.json_response({"ok": True, **await method(request.app, token, found)}, headers=_scopes(token, scope))
    except Refused as refused:
        wait = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
        return web.json_response(refused.document, status=refused.status, headers=wait)


async def _arguments(request: web.Request, *, takes_json: bool) -> dict[str, Any]:
    if request.content_type != "application/json":
        return {**request.query, **await request.post()}
    if not takes_json:
        return dict(request.query)
    try:
        found = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise Refused("invalid_json") from error
    if not isinstance(found, dict):
        raise Refused("json_not_object")
    return found


def _token(request: web.Request, found: Arguments, world: World) -> Token:
    value = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(found.get("token", ""))
    if not value:
        raise Refused("not_authed")
    if value in world.revoked:
        raise Refused("token_revoked")
    token = world.tokens.get(value)
    if token is None:
        raise Refused("invalid_auth")
    if token.expires_at is not None and time.time() >= token.expires_at:
        raise Refused("token_expired")
    return token


def _permit(token: Token, scope: str) -> None:
    if scope and scope not in token.scopes:
        raise Refused("missing_scope", needed=scope, provided=",".join(token.scopes))


def _scopes(token: Token, scope: str) -> dict[str, str]:
    return {"X-OAuth-Scopes": ",".join(token.scopes), "X-Accepted-OAuth-Scopes": scope}


async def auth_test(_app: web.Application, _token: Token, _found: Arguments) -> dict[str, Any]:
    names = {"url": "https://padaria.slack.example/", "team": TEAM["name"], "user": "ponte"}
    return names | {"team_id": TEAM["id"], "user_id": BOT, "bot_id": BOT_ID, "is_enterprise_install": False}


async def auth_revoke(app: web.Application, token: Token, _found: Arguments) -> dict[str, Any]:
    app[WORLD].revoked.add(token.value)
    return {"revoked": True}


async def post_message(app: web.Application, token: Token, found: Arguments) -> dict[str, Any]:
    world, text = app[WORLD], str(found.get("text") or "")
    channel = world.channel(str(found.get("channel", "")))
    if channel is None or (channel.is_private and BOT not in channel.members):
        raise Refused("channel_not_found")
    if channel.is_archived:
        raise Refused("is_archived")
    if BOT not in channel.members and "chat:write.public" not in token.scopes:
        raise Refused("not_in_channel")
    if not text and not found.get("blocks"):
        raise Refused("no_text")
    _pace(world, channel)
    message = _message(world, text[:LONGEST_TEXT], found)
    channel.messages.append(message)
    emit(app, {**message, "channel": channel.id, "channel_type": "channel", "event_ts": message["ts"]})
    warning = {"warning": "message_truncated"} if len(text) > LONGEST_TEXT else {}
    return {"channel": channel.id, "ts": message["ts"], "message": message, **warning}


def _pace(world: World, channel: Channel) -> None:
    apart = world.switches["channel_seconds"]
    if time.time() < channel.posted_at + apart:
        raise Refused("ratelimited", status=429, retry_after=max(1, round(apart)))
    channel.posted_at = time.time()


def _message(world: World, text: str, found: Arguments) -> dict[str, Any]:
    said = {"type": "message", "text": text, "ts": world.stamp(), "user": BOT, "team": TEAM["id"]}
    bot = {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": {"id": BOT_ID, "app_id": APP_ID, "name": "ponte"}}
    return said | bot | {name: found[name] for name in ("thread_ts", "blocks") if found.get(name)}


async def create_conversation(app: web.Application, token: Token, found: Arguments) -> dict[str, Any]:
    world, name = app[WORLD], str(found.get("name") or "")
    private = found.get("is_private") in (True, "true", "1")
    _permit(token, "groups:write" if private else "channels:manage")
    _check_name(name)
    if any(channel.name == name for channel in world.channels.values()):
        raise Refused("name_taken")
    channel = world.add_channel(name, is_private=private, members=[BOT])
    return {"channel": _conversation(channel)}


def _check_name(name: str) -> None:
    if not name:
        raise Refused("invalid_name_required")
    if len(name) > LONGEST_NAME:
        raise Refused("invalid_name_maxlength")
    if not re.search(r"[^\W_]", name):
        raise Refused("invalid_name_punctuation")
    if name != name.lower() or not re.fullmatch(r"[\w-]+", name):
        raise Refused("invalid_name_specials")


def _conversation(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_member": BOT in channel.members,
        "creator": BOT,
        "created": int(time.time()),
    }


async def user_info(app: web.Application, token: Token, found: Arguments) -> dict[str, Any]:
    user = app[WORLD].users.get(str(found.get("user", "")))
    if user is None:
        raise Refused("user_not_found")
    if "users:read.email" in token.scopes:
        return {"user": user}
    return {"user": user | {"profile": {name: user["profile"][name] for name in user["profile"] if name != "email"}}}


METHODS: dict[str, tuple[Method, str, bool]] = {
    "auth.test": (auth_test, "", True),
    "auth.revoke": (auth_revoke, "", False),
    "chat.postMessage": (post_message, "chat:write", True),
    "conversations.create": (create_conversation, "", True),
    "users.info": (user_info, "users:read", False),
}
"""The methods by name: the function, the scope that it needs, and whether it reads JSON."""

ROUTES = [web.route("*", "/api/{method}", call)]
