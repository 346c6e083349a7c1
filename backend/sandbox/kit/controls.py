"""The controls that every emulator has under /_sandbox: its faults and its switches.

GET    /_sandbox/faults    the faults that are on, and how often each happened
POST   /_sandbox/faults    switch one on (the fields of Fault), or several: {"faults": [...]}
DELETE /_sandbox/faults    switch all off, or one: ?id=
POST   /_sandbox/switches  turn switches: {name: value}
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from .faults import Fault, Faults
from .switches import Switches, turn


class Controls:
    """`switches` returns the switches of the current world. With `shows`, a change answers its new state, else 204."""

    def __init__(self, faults: Faults, switches: Callable[[], Switches], *, shows: bool = False) -> None:
        self.faults, self.switches, self.shows = faults, switches, shows

    def routes(self) -> list[web.RouteDef]:
        """The routes above."""
        return [
            web.get("/_sandbox/faults", self._list_faults),
            web.post("/_sandbox/faults", self._switch_on),
            web.delete("/_sandbox/faults", self._switch_off),
            web.post("/_sandbox/switches", self._turn),
        ]

    async def _list_faults(self, _request: web.Request) -> web.Response:
        return web.json_response(_to_json(self.faults.all))

    async def _switch_on(self, request: web.Request) -> web.Response:
        try:
            return self._changed(_to_json(self.faults.switch_on(await document(request))))
        except ValueError as error:
            return refusal(error)

    async def _switch_off(self, request: web.Request) -> web.Response:
        number = request.query.get("id", "")
        return self._changed({"cleared": self.faults.clear(int(number) if number.isdigit() else None)})

    async def _turn(self, request: web.Request) -> web.Response:
        switches = self.switches()
        try:
            turn(switches, await document(request))
        except ValueError as error:
            return refusal(error)
        return self._changed(dict(switches))

    def _changed(self, now: dict[str, Any]) -> web.Response:
        return web.json_response(now) if self.shows else web.Response(status=204)


def refusal(error: ValueError) -> web.Response:
    """400 with the error's text."""
    return web.json_response({"code": 400, "message": str(error)}, status=400)


def _to_json(faults: list[Fault]) -> dict[str, Any]:
    return {"faults": [asdict(fault) for fault in faults]}


async def document(request: web.Request) -> dict[str, Any]:
    """The JSON object in the request; {} if it has no body. Raises ValueError for anything else."""
    body = json.loads(await request.read() or b"{}")
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body
