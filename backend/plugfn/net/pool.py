"""Connection pools. Each event loop has one for trusted hosts, and one that checks addresses before it connects."""

import asyncio
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import httpcore2

from plugfn.net.guard import Guard
from plugfn.net.keepalive import HttpConnections
from plugfn.net.stream import WatchedStream

Options = Iterable[Any] | None


class Network(httpcore2.AnyIOBackend):
    """Connects to trusted hosts by name."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Options = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection. Raises httpcore2's ConnectError and ConnectTimeout."""
        return WatchedStream(await super().connect_tcp(host, port, timeout, local_address, socket_options))


class GuardedNetwork(Network):
    """Connects to the addresses that the guard has checked; the name is not resolved a second time.

    TLS still requests and verifies the name's certificate."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Options = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to the first address of the host that answers. Raises Forbidden, Unavailable, ConnectError."""
        try:
            async with asyncio.timeout(timeout):
                return await self._first(await self._guard.resolve(host, port), port, timeout)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout from error

    async def _first(self, addresses: list[str], port: int, timeout: float | None) -> httpcore2.AsyncNetworkStream:
        # Each address gets its share of the time, so that a silent first one does not use up all of it.
        share = None if timeout is None else timeout / len(addresses)
        failure: Exception = httpcore2.ConnectError("no address")
        for address in addresses:
            try:
                return await super().connect_tcp(address, port, share)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Options = None
    ) -> httpcore2.AsyncNetworkStream:
        """Always raises ConnectError."""
        raise httpcore2.ConnectError("guarded hosts cannot be unix sockets")


@dataclass(frozen=True)
class _Pair:
    trusted: HttpConnections
    guarded: HttpConnections


class Pool:
    """The connections of all calls, by event loop. Drops those of closed loops and, after a fork, the parent's.

    `guard` checks hosts that users named. `tls`: which certificates to trust (default: the system's, or
    SSL_CERT_FILE's). Proxies from the environment are not used: the guard could not check where they connect to."""

    def __init__(self, guard: Guard, *, tls: ssl.SSLContext | None = None) -> None:
        self.guard = guard
        self._tls = tls
        self._pairs: dict[asyncio.AbstractEventLoop, _Pair] = {}
        self._parents: list[dict[asyncio.AbstractEventLoop, _Pair]] = []
        self._process = os.getpid()
        self._making = Lock()

    def connections(self, *, trusted: bool) -> HttpConnections:
        """The connections of the running event loop."""
        pair = self._pairs.get(asyncio.get_running_loop())
        if pair is None or self._process != os.getpid():
            pair = self._make()
        return pair.trusted if trusted else pair.guarded

    async def close(self) -> None:
        """Close the connections of the running event loop. The pool can be used again afterwards."""
        pair = self._pairs.pop(asyncio.get_running_loop(), None)
        if pair is not None:
            await pair.trusted.close()
            await pair.guarded.close()

    def _make(self) -> _Pair:
        if self._process != os.getpid():
            self._reset_after_fork()
        with self._making:
            for loop in [loop for loop in self._pairs if loop.is_closed()]:
                del self._pairs[loop]
            guarded = GuardedNetwork(self.guard)
            pair = _Pair(HttpConnections(Network(), self._trust), HttpConnections(guarded, self._trust))
            self._pairs[asyncio.get_running_loop()] = pair
            return pair

    def _trust(self) -> ssl.SSLContext:
        # Created for the first https connection, and once: reading the system's certificates takes longer than a call.
        if self._tls is None:
            self._tls = httpcore2.default_ssl_context()
        return self._tls

    def _reset_after_fork(self) -> None:
        """Start with new connections. The lock is new too, because a thread of the parent may have held the old one."""
        # The old connections are kept, not freed: freeing them would remove the parent's sockets from the shared epoll.
        self._parents.append(self._pairs)
        self._process, self._pairs, self._making = os.getpid(), {}, Lock()
