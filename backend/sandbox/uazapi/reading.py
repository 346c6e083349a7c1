"""Status, number check, message search, the queue."""

from typing import Any

from aiohttp import web

from .api import Gateway, Refused
from .world import Instance

FILTERS = ("id", "messageid", "chatid", "track_id", "track_source")


async def status(_gateway: Gateway, instance: Instance, _body: dict[str, Any]) -> web.Response:
    """GET /instance/status. The instance object has secrets, like the real one."""
    user = {"user": instance.owner, "agent": 0, "device": 7, "server": "s.whatsapp.net"}
    shown = {
        "id": "i0000000000001",
        "token": instance.token,
        "openai_apikey": "sk-sandbox-not-a-key",
        "name": instance.name,
        "profileName": instance.name.title(),
        "owner": instance.owner,
        "status": instance.state,
        "lastDisconnect": instance.last_disconnect,
        "lastDisconnectReason": "401: logged out" if instance.last_disconnect else "",
    }
    now = {"connected": instance.connected, "loggedIn": instance.logged_in, "jid": user if instance.logged_in else None}
    return web.json_response({"instance": shown, "status": now})


async def check(gateway: Gateway, _instance: Instance, body: dict[str, Any]) -> web.Response:
    """POST /chat/check {numbers} → for each whether it is on WhatsApp, and its jid there."""
    numbers = body.get("numbers")
    if not isinstance(numbers, list) or not numbers:
        raise Refused(400, "Missing numbers")
    return web.json_response([check_number(gateway, str(number)) for number in numbers])


def check_number(gateway: Gateway, number: str) -> dict[str, Any]:
    """One row."""
    person = gateway.world.find(number)
    jid = f"{person.number}@s.whatsapp.net" if person else ""
    return {
        "query": number,
        "jid": jid,
        "lid": person.lid if person else "",
        "isInWhatsapp": person is not None,
        "verifiedName": "",
        "error": "",
    }


async def find(_gateway: Gateway, instance: Instance, body: dict[str, Any]) -> web.Response:
    """POST /message/find, newest first."""
    limit, offset = min(int(body.get("limit") or 100), 1000), int(body.get("offset") or 0)
    filters = {name: body[name] for name in FILTERS if body.get(name)}
    fits = [one for one in reversed(instance.messages) if all(one[name] == value for name, value in filters.items())]
    page = fits[offset : offset + limit]
    more = offset + len(page) < len(fits)
    counts = {"returnedMessages": len(page), "limit": limit, "offset": offset, "hasMore": more}
    return web.json_response({"messages": page, "nextOffset": offset + len(page), **counts})


async def queue(_gateway: Gateway, instance: Instance, _body: dict[str, Any]) -> web.Response:
    """GET /message/async: messages that were sent with `async: true`."""
    waiting = sum(one["status"] == "Queued" for one in instance.messages)
    return web.json_response({"pending": waiting, "status": "processing" if waiting else "idle"})
