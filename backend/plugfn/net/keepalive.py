"""Connections of one event loop that wait, open, for the next request to their origin.

httpcore2's own pool looks at every connection whenever a request begins or ends, which at a hundred calls at once is
half of their cost; here a request takes the last connection left to its origin, or makes one.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpcore2

from plugfn.net.stream import WatchedStream

MOST_BUSY = 256
MOST_IDLE = 128
IDLE_SECONDS = 4.0
"""Shorter than servers commonly keep a silent connection, so that a request rarely meets one that is just closing."""

T = TypeVar("T")
Key = tuple[bytes, bytes, int]


class Connections:
    """At most MOST_BUSY requests at a time, over connections that are used again while they are warm."""

    def __init__(self, network: httpcore2.AsyncNetworkBackend, tls: ssl.SSLContext) -> None:
        self._network, self._tls = network, tls
        self._idle: dict[Key, list[httpcore2.AsyncHTTPConnection]] = {}
        self._places = asyncio.Semaphore(MOST_BUSY)
        self._swept = time.monotonic()

    async def exchange(
        self, request: httpcore2.Request, read: Callable[[httpcore2.Response], Awaitable[T]], *, patience: float
    ) -> T:
        """Send a request and give its answer to `read`. `patience`: seconds to wait while too many are under way.

        Raises httpcore2's exceptions."""
        await self._enter(patience)
        try:
            return await self._over(await self._take(request.url.origin), request, read)
        finally:
            self._places.release()

    async def close(self) -> None:
        """Close those that wait."""
        idle, self._idle = self._idle, {}
        for connections in idle.values():
            await _close(connections)

    async def _enter(self, patience: float) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        try:
            async with asyncio.timeout(patience):
                await self._places.acquire()
        except TimeoutError as error:
            raise httpcore2.PoolTimeout from error

    async def _take(self, origin: httpcore2.Origin) -> httpcore2.AsyncHTTPConnection:
        # Looked up anew each time round: while one is closed, others are taken and swept.
        while waiting := self._idle.get((origin.scheme, origin.host, origin.port)):
            connection = waiting.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return httpcore2.AsyncHTTPConnection(
            origin, ssl_context=self._tls, keepalive_expiry=IDLE_SECONDS, network_backend=self._network
        )

    async def _over(
        self,
        connection: httpcore2.AsyncHTTPConnection,
        request: httpcore2.Request,
        read: Callable[[httpcore2.Response], Awaitable[T]],
    ) -> T:
        stream: object = None
        try:
            answer = await connection.handle_async_request(request)
            stream = answer.extensions.get("network_stream")
            try:
                return await read(answer)
            finally:
                await answer.aclose()
        finally:
            if connection.is_idle() and _is_clean(stream):
                await self._keep(connection, request.url.origin)
            else:
                await connection.aclose()

    async def _keep(self, connection: httpcore2.AsyncHTTPConnection, origin: httpcore2.Origin) -> None:
        self._idle.setdefault((origin.scheme, origin.host, origin.port), []).append(connection)
        if time.monotonic() - self._swept > 1.0:
            await self._sweep()

    async def _sweep(self) -> None:
        """Close those that waited too long or are too many: the oldest are first in their lists."""
        self._swept = time.monotonic()
        surplus: list[httpcore2.AsyncHTTPConnection] = []
        kept: dict[Key, list[httpcore2.AsyncHTTPConnection]] = {}
        for key, connections in self._idle.items():
            for connection in connections:
                if connection.has_expired():
                    surplus.append(connection)
                else:
                    kept.setdefault(key, []).append(connection)
        while sum(map(len, kept.values())) > MOST_IDLE:
            surplus.append(max(kept.values(), key=len).pop(0))
        self._idle = kept
        await _close(surplus)


def _is_clean(stream: object) -> bool:
    """Whether nothing came beyond the answer: the next request would take it for its own answer (a desync).

    This sees what has been read from the socket. What is still in the socket is has_expired's to see."""
    return isinstance(stream, WatchedStream) and not stream.has_more()


async def _close(connections: list[httpcore2.AsyncHTTPConnection]) -> None:
    for connection in connections:
        await connection.aclose()
