"""The emulator's own controls: tokens, the events URL, users' messages, any event.

POST /_sandbox/tokens      {"scopes"?, "rotating"?, "expires_in"?} → {"access_token", "refresh_token"?}
POST /_sandbox/switches    {"auto_approve"?: user, "rotation"?, "token_seconds"?, "channel_seconds"?, "retry_scale"?,
                            "deadline_seconds"?}
POST /_sandbox/events_url  {"url"} → {"verified": bool}; only a verified URL gets events
POST /_sandbox/messages    {"channel", "user", "text"}: a user writes a message
POST /_sandbox/emit        {"event"}: any event
POST /_sandbox/interact    {"payload"}: a user presses a button
POST /_sandbox/settle      answers when all deliveries have ended
GET  /_sandbox/world       channels with their messages, deliveries with their retries
"""

import time

from aiohttp import web

from sandbox.kit.background import settle

from .events import emit, interact, verify_url
from .world import TEAM, WORLD

ALL_SCOPES = ["chat:write", "channels:manage", "groups:write", "users:read"]


async def add_token(request: web.Request) -> web.Response:
    fields = await request.json()
    scopes, rotating = fields.get("scopes", ALL_SCOPES), bool(fields.get("rotating"))
    token = request.app[WORLD].add_token(scopes, "UANA", rotating=rotating)
    if "expires_in" in fields:
        token.expires_at = time.time() + fields["expires_in"]
    return web.json_response({"access_token": token.value, "refresh_token": token.refresh}, status=201)


async def set_url(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    world.events_url = (await request.json())["url"]
    verified = await verify_url(world)
    if not verified:
        world.events_url = ""
    return web.json_response({"verified": verified})


async def write(request: web.Request) -> web.Response:
    world, fields = request.app[WORLD], await request.json()
    channel = world.channel(fields["channel"])
    if channel is None:
        raise web.HTTPNotFound(text=f"no channel {fields['channel']}")
    said = {"type": "message", "user": fields["user"], "text": fields["text"], "ts": world.stamp(), "team": TEAM["id"]}
    channel.messages.append(said)
    emit(request.app, {**said, "channel": channel.id, "channel_type": "channel", "event_ts": said["ts"]})
    return web.json_response(said, status=201)


async def tell(request: web.Request) -> web.Response:
    emit(request.app, (await request.json())["event"])
    return web.Response(status=202)


async def press(request: web.Request) -> web.Response:
    interact(request.app, (await request.json())["payload"])
    return web.Response(status=202)


async def show(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    channels = {one.name: {"id": one.id, "messages": one.messages} for one in world.channels.values()}
    return web.json_response({"channels": channels, "deliveries": world.deliveries, "revoked": len(world.revoked)})


ROUTES = [
    web.post("/_sandbox/tokens", add_token),
    web.post("/_sandbox/events_url", set_url),
    web.post("/_sandbox/messages", write),
    web.post("/_sandbox/emit", tell),
    web.post("/_sandbox/interact", press),
    web.post("/_sandbox/settle", settle),
    web.get("/_sandbox/world", show),
]
