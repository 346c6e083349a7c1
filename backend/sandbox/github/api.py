"""The checks of every API call (User-Agent, version, token, rate limit), and the form of errors.

Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api and
https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .world import LIMIT, WORLD, Token, World

VERSIONS = {"2022-11-28", "2026-03-10"}
Handler = Callable[[web.Request, World, Token], Awaitable[web.Response]]


class Refused(Exception):
    """A call that is answered with an error."""

    def __init__(self, status: int, message: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors


def error(status: int, message: str, errors: list[dict[str, str]] | None = None) -> web.Response:
    """GitHub's error document."""
    document: dict[str, Any] = {"message": message}
    if errors is not None:
        document["errors"] = errors
    document |= {"documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return web.json_response(document, status=status)


def invalid(resource: str, field: str, code: str) -> Refused:
    """422 for one field."""
    return Refused(422, "Validation Failed", [{"resource": resource, "field": field, "code": code}])


def api(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Check each call before `handler` gets it, and add the rate limit's headers to the answer."""

    async def answer(request: web.Request) -> web.Response:
        world = request.app[WORLD]
        if not request.headers.get("User-Agent"):
            return web.Response(status=403, text="Request forbidden by administrative rules.")
        found = await _admitted(request, world, handler)
        found.headers.update(_headers(request, world))
        return found

    return answer


async def _admitted(request: web.Request, world: World, handler: Handler) -> web.Response:
    if request.headers.get("X-GitHub-Api-Version", "2022-11-28") not in VERSIONS:
        return error(400, "API version is not supported.")
    token = _token(request, world)
    if token is None:
        said = "Bad credentials" if "Authorization" in request.headers else "Requires authentication"
        return error(401, said)
    if not world.spend():
        return error(world.limit_status, f"API rate limit exceeded for user ID {world.users[token.login]['id']}.")
    try:
        return await handler(request, world, token)
    except Refused as refused:
        return error(refused.status, refused.message, refused.errors)


def _token(request: web.Request, world: World) -> Token | None:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    token = world.tokens.get(value) if kind.lower() in {"bearer", "token"} else None
    if token is None or (token.expires_at is not None and time.time() >= token.expires_at):
        return None
    return token


def _headers(request: web.Request, world: World) -> dict[str, str]:
    token = _token(request, world)
    return {
        "X-RateLimit-Limit": str(LIMIT),
        "X-RateLimit-Remaining": str(max(world.remaining, 0)),
        "X-RateLimit-Used": str(LIMIT - max(world.remaining, 0)),
        "X-RateLimit-Reset": str(int(world.resets_at)),
        "X-RateLimit-Resource": "core",
        "X-OAuth-Scopes": ", ".join(token.scopes) if token else "",
        "X-Accepted-OAuth-Scopes": "repo",
        "X-GitHub-Media-Type": "github.v3; format=json",
    }
