"""Switches of an emulator: ways of behaving that tests turn on and off while it runs."""

from collections.abc import MutableMapping
from typing import Any

from aiohttp import web


async def turn(request: web.Request, switches: MutableMapping[str, Any]) -> web.Response:
    """Take over what a POST names; 400 for a switch that there is not, and then none is turned."""
    asked = await request.json()
    if unknown := set(asked) - set(switches):
        raise web.HTTPBadRequest(text=f"no such switch: {', '.join(sorted(unknown))}")
    switches.update(asked)
    return web.Response(status=204)
