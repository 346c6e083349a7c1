"""Faults that tests switch on while an emulator runs, each for the requests whose "METHOD /path" fits its pattern."""

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web

KINDS = ("answer", "hang", "reset", "truncate", "latency")
LONGEST_HANG = 60.0


@dataclass
class Fault:
    """`count` is how often it still happens (None: without end). `after`: the request takes effect first."""

    kind: str
    pattern: str = "*"
    count: int | None = 1
    after: bool = False
    seconds: float = 0.0
    status: int = 500
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")

    def strikes(self, name: str) -> bool:
        """Whether it happens to the request of this name; counts itself."""
        if self.count == 0 or not fnmatchcase(name, self.pattern):
            return False
        if self.count is not None:
            self.count -= 1
        return True

    async def happen(self, request: web.Request) -> web.StreamResponse | None:
        """Spoil the request's answer; None when the request may go on."""
        if self.kind == "latency":
            await asyncio.sleep(min(self.seconds, LONGEST_HANG))
            return None
        if self.kind == "answer":
            return self._answer()
        if self.kind == "hang":
            await asyncio.sleep(min(self.seconds or LONGEST_HANG, LONGEST_HANG))
        if self.kind == "truncate":
            await self._half_an_answer(request)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _answer(self) -> web.Response:
        if isinstance(self.body, str):
            return web.Response(status=self.status, text=self.body, headers=self.headers)
        return web.json_response(self.body, status=self.status, headers=self.headers)

    async def _half_an_answer(self, request: web.Request) -> None:
        started = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
        await started.prepare(request)
        await started.write(b'{"half": "an ans')
