"""The receiver's routes."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from sandbox.kit.app import Sandbox

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the emulator's, and public
LONGEST = 60.0
MOST_BYTES = 50_000_000


@dataclass
class World:
    """Its secret, and the deliveries verified with it, by id."""

    secret: str = SECRET
    deliveries: dict[str, dict[str, Any]] = field(default_factory=dict)

    def reset(self) -> None:
        """Back to the state at the start."""
        self.secret, self.deliveries = SECRET, {}

    def take(self, headers: dict[str, str], body: bytes) -> bool:
        """Store a delivery. False if its signature is wrong."""
        try:
            document = Webhook(self.secret).verify(body, headers)
        except (WebhookVerificationError, ValueError):
            return False
        name = headers["webhook-id"]
        times = self.deliveries.get(name, {}).get("times", 0) + 1
        stamp = headers["webhook-timestamp"]
        self.deliveries[name] = {"id": name, "timestamp": stamp, "body": document, "times": times}
        return True


def build() -> Sandbox:
    """The emulator, ready to be served."""
    world = World()
    sandbox = Sandbox("receiver", world.reset)
    handlers = Handlers(world)
    sandbox.app.add_routes(
        [
            web.post("/hooks", handlers.hook),
            web.route("*", "/status/{code:[0-9]+}", handlers.status),
            web.route("*", "/redirect/{code:[0-9]+}", handlers.redirect),
            web.route("*", "/slow", handlers.slow),
            web.route("*", "/close", handlers.close),
            web.get("/echo", handlers.echo),
            web.get("/big", handlers.big),
            web.get("/text", handlers.text),
            web.get("/_sandbox/deliveries", handlers.deliveries),
            web.put("/_sandbox/secret", handlers.set_secret),
        ]
    )
    return sandbox


class Handlers:
    """One handler for each route."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def hook(self, request: web.Request) -> web.Response:
        """Accepts a signed delivery."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        taken = self._world.take(headers, await request.read())
        return web.Response(status=204 if taken else 401)

    async def status(self, request: web.Request) -> web.Response:
        """Answers the status in the URL."""
        wait = request.query.get("retry_after")
        headers = {"Retry-After": wait} if wait else {}
        return web.Response(status=int(request.match_info["code"]), text="so be it", headers=headers)

    async def redirect(self, request: web.Request) -> web.Response:
        """Redirects."""
        headers = {"Location": request.query["to"]} if "to" in request.query else {}
        return web.Response(status=int(request.match_info["code"]), headers=headers)

    async def slow(self, request: web.Request) -> web.Response:
        """Answers late."""
        await asyncio.sleep(min(float(request.query.get("seconds", "1")), LONGEST))
        return web.Response(status=204)

    async def close(self, request: web.Request) -> web.Response:
        """Closes the connection."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=204)

    async def echo(self, request: web.Request) -> web.Response:
        """Answers with the request."""
        sent = {"query": dict(request.query), "headers": {name.lower(): one for name, one in request.headers.items()}}
        return web.json_response(sent)

    async def big(self, request: web.Request) -> web.Response:
        """A big answer."""
        return web.Response(text="x" * min(int(request.query.get("bytes", "1000000")), MOST_BYTES))

    async def text(self, _request: web.Request) -> web.Response:
        """A text that is not JSON."""
        return web.Response(text="olá")

    async def deliveries(self, _request: web.Request) -> web.Response:
        """The verified deliveries."""
        return web.json_response(list(self._world.deliveries.values()))

    async def set_secret(self, request: web.Request) -> web.Response:
        """Changes the secret."""
        try:
            self._world.secret = str((await request.json())["secret"])
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise web.HTTPBadRequest(text='the body must be {"secret": "whsec_…"}') from error
        return web.Response(status=204)
