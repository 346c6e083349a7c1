"""The application of a small emulator: its own routes, and routes under /_sandbox to observe and control it.

GET  /_sandbox/requests   the requests so far, oldest first; DELETE forgets them
POST /_sandbox/reset      start over: delete all data, requests and faults
and the routes of kit.controls. Pages for people are no requests of a client: they are not recorded, and have no faults.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from .controls import Controls
from .effects import EFFECTS, spoil
from .faults import Faults
from .page import Handler as Page
from .page import local_only, own_file
from .switches import Switches

MOST_RECORDED = 5000
MOST_BODY = 32 * 1024 * 1024


class Sandbox:
    """One emulator. `name` as in `python -m sandbox.<name>`; `reset` gives it a new world."""

    def __init__(self, name: str, reset: Callable[[], None], switches: Callable[[], Switches] = dict) -> None:
        self.name, self._start_over = name, reset
        self.requests: deque[dict[str, Any]] = deque(maxlen=MOST_RECORDED)
        self.faults = Faults({"api": EFFECTS})
        self.url = ""
        self._pages: set[web.AbstractRoute] = set()
        self.app = web.Application(middlewares=[self._middleware], client_max_size=MOST_BODY)
        self.app.add_routes(
            [
                web.get("/_sandbox/requests", self._list),
                web.delete("/_sandbox/requests", self._forget),
                web.post("/_sandbox/reset", self._reset),
                web.get("/_sandbox/static/{name}", own_file),
                *Controls(self.faults, switches).routes(),
            ]
        )

    def add_pages(self, pages: Iterable[tuple[str, str, Page]]) -> None:
        """Pages for people on this machine: method, path, handler."""
        for method, path, handler in pages:
            self._pages.add(self.app.router.add_route(method, path, local_only(handler)))

    def listens_at(self, url: str) -> None:
        """The server calls this when it has started."""
        self.url = url

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/_sandbox/") or request.match_info.route in self._pages:
            return await handler(request)
        await self._record(request)
        fault = self.faults.strike("api", f"{request.method} {request.path}")
        if fault is None:
            return await handler(request)
        return await spoil(EFFECTS, fault, request, lambda: handler(request))

    async def _record(self, request: web.Request) -> None:
        body = await request.read()
        self.requests.append(
            {
                "method": request.method,
                "path": request.path,
                "query": dict(request.query),
                "headers": {name.lower(): value for name, value in request.headers.items()},
                "body": body.decode("utf-8", "replace"),
            }
        )

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response(list(self.requests))

    async def _forget(self, _request: web.Request) -> web.Response:
        self.requests.clear()
        return web.Response(status=204)

    async def _reset(self, _request: web.Request) -> web.Response:
        self.requests.clear()
        self.faults.clear()
        self._start_over()
        return web.Response(status=204)
