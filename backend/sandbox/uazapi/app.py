"""Builds the emulator's application."""

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.kit.app import Sandbox

from . import hooks, reading, sending
from .admin import connect, creator
from .api import Gateway
from .control import Control
from .deliver import Postman
from .phone import Phone
from .world import World


def build(**switches: bool) -> Sandbox:
    """An emulator with a fresh world. `switches`: as in World."""
    world = World(**switches)
    sandbox = Sandbox("uazapi", world.reset, lambda: world.switches)
    gateway = Gateway(world, Postman(), lambda: sandbox.url)
    sandbox.app.middlewares.append(no_session)
    sandbox.app.add_routes(
        [
            web.post("/send/text", gateway.route(sending.send_text)),
            web.post("/send/media", gateway.route(sending.send_media)),
            web.get("/instance/status", gateway.route(reading.status)),
            web.post("/instance/create", creator(gateway)),
            web.post("/instance/connect", gateway.route(connect)),
            web.post("/chat/check", gateway.route(reading.check)),
            web.post("/message/find", gateway.route(reading.find)),
            web.get("/message/async", gateway.route(reading.queue)),
            web.get("/webhook", gateway.route(hooks.show)),
            web.post("/webhook", gateway.route(hooks.change)),
            web.get("/webhook/errors", gateway.route(hooks.errors)),
            *Control(gateway).routes(),
        ]
    )
    sandbox.add_pages(Phone(gateway).pages())
    return sandbox


@web.middleware
async def no_session(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers the only error of another form: the WhatsApp account is not connected."""
    try:
        return await handler(request)
    except sending.Disconnected:
        document = {"error": True, "message": "WhatsApp disconnected: session is not reconnectable"}
        return web.json_response(document, status=503)
