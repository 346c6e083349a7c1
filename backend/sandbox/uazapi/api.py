"""Code that the routes share: the token's instance, JSON bodies, errors as {"error": …}."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .deliver import Postman
from .world import Instance, World

Handler = Callable[["Gateway", Instance, dict[str, Any]], Awaitable[web.Response]]


class Refused(Exception):
    """Answered with `status` and {"error": message}."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Gateway:
    """The world, the postman and the address of this server, for the routes."""

    def __init__(self, world: World, postman: Postman, base_url: Callable[[], str]) -> None:
        self.world, self.postman, self.base_url = world, postman, base_url

    def route(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        """An aiohttp handler that calls `handler` with the caller's instance and body. Answers Refused as an error."""

        async def answer(request: web.Request) -> web.Response:
            try:
                instance = self._instance(request)
                return await handler(self, instance, await body_of(request))
            except Refused as refused:
                return web.json_response({"error": str(refused)}, status=refused.status)

        return answer

    def _instance(self, request: web.Request) -> Instance:
        token = request.headers.get("token", "")
        if not token:
            raise Refused(401, "Missing token")
        if token not in self.world.instances:
            raise Refused(401, "instance info not found" if request.path == "/instance/status" else "Invalid token")
        return self.world.instances[token]


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object in the request; {} when it has no body."""
    raw = await request.read()
    if not raw:
        return {}
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise Refused(400, "Invalid payload") from error
    if not isinstance(found, dict):
        raise Refused(400, "Invalid payload")
    return found
