"""A vendor for tests: a real HTTP server on the loopback with planned answers, that records its requests.

async with FakeVendor() as vendor:
    vendor.answers("GET /things/7", {"id": "7"})
    … vendor.url … vendor.asked[0].headers["authorization"] …
"""

import asyncio
import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

MOST_HEAD = 65_536


@dataclass(frozen=True)
class Asked:
    """A recorded request. `headers` have lower-case names; `path` includes the query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class _Planned:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class FakeVendor:
    """`url` is where it listens. It answers 404 to requests without a planned answer."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self._plans: dict[str, list[_Planned]] = {}
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    def answers(self, request: str, document: Any = None, status: int = 200, **headers: str) -> None:
        """Answer "GET /path" like this. Several calls plan answers in sequence; the last answer is repeated."""
        body = b"" if document is None else json.dumps(document).encode()
        lines = {
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        self._plans.setdefault(request, []).append(_Planned(status, body, lines))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MOST_HEAD)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        serving = [task for task in self._open.values() if task is not None]
        for writer in self._open:
            writer.close()
        # Otherwise they would be cancelled with the event loop, which Python 3.11 prints as an error.
        await asyncio.gather(*serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        try:
            while True:
                asked = await _read(reader)
                self.asked.append(asked)
                writer.write(_encoded(self._next(f"{asked.method} {asked.path.partition('?')[0]}")))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
        finally:
            del self._open[writer]

    def _next(self, request: str) -> _Planned:
        plans = self._plans.get(request)
        if not plans:
            return _Planned(404, b'{"error": "not_found"}')
        return plans.pop(0) if len(plans) > 1 else plans[0]


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def _encoded(plan: _Planned) -> bytes:
    lines = [f"HTTP/1.1 {plan.status} Answer", *(f"{name}: {value}" for name, value in plan.headers.items())]
    return "\r\n".join([*lines, f"content-length: {len(plan.body)}", "", ""]).encode() + plan.body
