"""The idle connections of one event loop, kept open for the next request to their origin.

httpcore2's own pool examines every connection whenever a request begins or ends, which at a hundred simultaneous calls
is half of their cost. Here a request takes the newest idle connection to its origin, or opens one.
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
"""Shorter than servers commonly keep an idle connection, so that a request rarely gets one that is closing."""

T = TypeVar("T")
Key = tuple[bytes, bytes, int]


class HttpConnections:
    """Runs at most MOST_BUSY requests at a time, and reuses connections while they are fresh.

    `trust` returns which certificates to trust, and is asked by https connections alone."""

    def __init__(self, network: httpcore2.AsyncNetworkBackend, trust: Callable[[], ssl.SSLContext]) -> None:
        self._network, self._trust = network, trust
        self._idle: dict[Key, list[httpcore2.AsyncHTTPConnection]] = {}
        self._places = asyncio.Semaphore(MOST_BUSY)
        self._swept = time.monotonic()

    async def exchange(
        self, request: httpcore2.Request, read: Callable[[httpcore2.Response], Awaitable[T]], *, patience: float
    ) -> T:
        """Send a request and pass its answer to `read`. `patience`: seconds to wait when too many requests are running.

        Raises httpcore2's exceptions."""
        await self._enter(patience)
        try:
            return await self._over(await self._take(request.url.origin), request, read)
        finally:
            self._places.release()

    async def close(self) -> None:
        """Close the idle connections."""
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
        # The list is looked up again each time: during a close, other requests and the sweep may have changed it.
        while idle := self._idle.get((origin.scheme, origin.host, origin.port)):
            connection = idle.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        tls = self._trust() if origin.scheme == b"https" else None
        return httpcore2.AsyncHTTPConnection(
            origin, ssl_context=tls, keepalive_expiry=IDLE_SECONDS, network_backend=self._network
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
        """Close connections that were idle too long or are too many: the oldest come first in their lists."""
        self._swept = time.monotonic()
        surplus: list[httpcore2.AsyncHTTPConnection] = []
        fresh: dict[Key, list[httpcore2.AsyncHTTPConnection]] = {}
        for key, connections in self._idle.items():
            for connection in connections:
                if connection.has_expired():
                    surplus.append(connection)
                else:
                    fresh.setdefault(key, []).append(connection)
        while sum(map(len, fresh.values())) > MOST_IDLE:
            surplus.append(max(fresh.values(), key=len).pop(0))
        self._idle = fresh
        await _close(surplus)


def _is_clean(stream: object) -> bool:
    """Whether no bytes came after the answer: the next request would take them for its own answer (a desync).

    This looks at what has been read from the socket; has_expired looks at the socket itself."""
    return isinstance(stream, WatchedStream) and not stream.has_more()


async def _close(connections: list[httpcore2.AsyncHTTPConnection]) -> None:
    for connection in connections:
        await connection.aclose()
