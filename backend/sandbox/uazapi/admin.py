"""Instances: POST /instance/create (by the admin's token) and /instance/connect."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .api import Gateway, Refused, body_of
from .world import ADMIN_TOKEN, Instance


def creator(gateway: Gateway) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of /instance/create."""

    async def create(request: web.Request) -> web.Response:
        if request.headers.get("admintoken") != ADMIN_TOKEN:
            return web.json_response({"error": "Unauthorized"}, status=401)
        try:
            name = (await body_of(request)).get("name")
        except Refused as refused:
            return web.json_response({"error": str(refused)}, status=refused.status)
        if not name:
            return web.json_response({"error": "Missing name"}, status=400)
        token = f"sandbox-instance-{gateway.world.next_number():08d}"
        made = Instance(token, str(name), connected=False, logged_in=False)
        gateway.world.instances[token] = made
        return web.json_response({"token": token, "name": made.name, "instance": {"name": made.name, "token": token}})

    return create


async def connect(_gateway: Gateway, instance: Instance, body: dict[str, Any]) -> web.Response:
    """POST /instance/connect: a pairing code for `phone`, else a QR code. A test logs it in by /_sandbox/instances."""
    instance.connected = True
    shown: dict[str, Any] = {"name": instance.name, "status": instance.state}
    shown |= {"paircode": "SAND-BOX1"} if body.get("phone") else {"qrcode": "data:image/png;base64,c2FuZGJveA=="}
    return web.json_response({"connected": True, "loggedIn": instance.logged_in, "instance": shown})
