"""An emulator's application: its own routes, and under /_sandbox what tests see and switch.

GET  /_sandbox/requests   the requests so far, oldest first; DELETE forgets them
POST /_sandbox/faults     switch one on (the fields of Fault); DELETE switches all off
POST /_sandbox/reset      forget everything and begin anew
"""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .faults import Fault

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_RECORDED = 5000
MOST_BODY = 32 * 1024 * 1024


class Sandbox:
    """One emulator. `name` as in `python -m sandbox.<name>`; `reset` makes its world anew."""

    def __init__(self, name: str, reset: Callable[[], None] = lambda: None) -> None:
        self.name, self._make_anew = name, reset
        self.requests: deque[dict[str, Any]] = deque(maxlen=MOST_RECORDED)
        self.faults: list[Fault] = []
        self.url = ""
        self.app = web.Application(middlewares=[self._gate], client_max_size=MOST_BODY)
        self.app.add_routes(
            [
                web.get("/_sandbox/requests", self._list),
                web.delete("/_sandbox/requests", self._forget),
                web.post("/_sandbox/faults", self._switch_on),
                web.delete("/_sandbox/faults", self._switch_off),
                web.post("/_sandbox/reset", self._reset),
            ]
        )

    @web.middleware
    async def _gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/_sandbox/"):
            return await handler(request)
        await self._record(request)
        name = f"{request.method} {request.path}"
        fault = next((fault for fault in self.faults if fault.strikes(name)), None)
        if fault is None:
            return await handler(request)
        if fault.after:
            answer = await handler(request)
            return await fault.happen(request) or answer
        return await fault.happen(request) or await handler(request)

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

    async def _switch_on(self, request: web.Request) -> web.Response:
        try:
            self.faults.append(Fault(**await request.json()))
        except (TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.Response(status=204)

    async def _switch_off(self, _request: web.Request) -> web.Response:
        self.faults.clear()
        return web.Response(status=204)

    async def _reset(self, _request: web.Request) -> web.Response:
        self.requests.clear()
        self.faults.clear()
        self._make_anew()
        return web.Response(status=204)
