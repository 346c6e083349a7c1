"""The ASGI application: webhooks and agents are answered in the event loop, all other requests by Django in threads."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.urls import Resolver404, resolve

from core import wsgi
from core.whole_body import WholeBody

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

# Imported only now, because the models that these modules import need the settings that core.wsgi has set up.
from apps.banking import door  # noqa: E402
from apps.banking.aggregators.registry import AGGREGATORS  # noqa: E402
from apps.integrations.incoming import door as integrations_door  # noqa: E402
from apps.integrations.incoming.address import PREFIX  # noqa: E402

import_module(settings.ROOT_URLCONF)

AGENTS = ("/mcp", "/mcp/")

# Probes have threads of their own, so that they are answered while all others render slow pages.
pages = WholeBody(WSGIMiddleware(wsgi.pages, workers=settings.WEB_THREADS))  # type: ignore[arg-type]
straight = WholeBody(WSGIMiddleware(wsgi.straight, workers=2))  # type: ignore[arg-type]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The entry point for the ASGI server."""
    if scope["type"] == "http":
        await _answer(scope, receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    path = scope["path"]
    if path in AGENTS:
        # The first such request loads the library, in a thread: most processes never need it.
        agents = await asyncio.to_thread(import_module, "core.mcp.http")
        await agents.serve(scope, receive, send)
    elif not path.startswith(wsgi.STRAIGHT_PATHS):
        await pages(scope, receive, send)
    elif path.startswith(PREFIX):
        await integrations_door.serve(scope, receive, send)
    elif found := _find_door(path):
        await door.serve(scope, receive, send, *found)
    else:
        await straight(scope, receive, send)


def _find_door(path: str) -> tuple[str, str | None] | None:
    """The aggregator's name and the token in the path; None if the path is not a webhook's."""
    if (name := _DOORS.get(path)) is not None:
        return name, None
    try:
        match = resolve(path)
    except Resolver404:
        return None
    name = match.kwargs.get("name", "")
    return (name, match.kwargs.get("token")) if match.func is door.receive and name in AGGREGATORS else None


# Looking up a path costs less than Django's resolving.
_DOORS = {f"/api/banking/webhooks/{name}/": name for name in AGGREGATORS}
