"""Pools of connections: for each event loop one to trusted hosts, and one that asks the guard before it connects."""

import asyncio
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import httpcore2

from plugfn.net.guard import Guard
from plugfn.net.keepalive import Connections
from plugfn.net.stream import WatchedStream

Options = Iterable[Any] | None


class Network(httpcore2.AnyIOBackend):
    """Connects to trusted hosts, by name."""

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
    """Connects to the very addresses that the guard has checked: the name is not looked up a second time.

    TLS still asks for, and verifies, the certificate of the name."""

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
        """The first of the host's addresses that answers. Raises Forbidden, Unavailable, httpcore2's ConnectError."""
        try:
            async with asyncio.timeout(timeout):
                return await self._first(await self._guard.resolve(host, port), port, timeout)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout from error

    async def _first(self, addresses: list[str], port: int, timeout: float | None) -> httpcore2.AsyncNetworkStream:
        # Each gets its share of the time, so that a silent first address does not stand for all.
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
        """Never."""
        raise httpcore2.ConnectError("unix sockets are not for guarded hosts")


@dataclass(frozen=True)
class _Pair:
    trusted: Connections
    guarded: Connections


class Pool:
    """Connections shared by all calls. Each event loop has its own; those of closed loops and after a fork are dropped.

    `guard` decides about hosts that users named. `tls`: whose certificates are believed (default: the system's, or
    those of SSL_CERT_FILE). Proxies that the environment names are not used: the guard could not see through them."""

    def __init__(self, guard: Guard, *, tls: ssl.SSLContext | None = None) -> None:
        self.guard = guard
        self._tls = tls
        self._pairs: dict[asyncio.AbstractEventLoop, _Pair] = {}
        self._parents: list[dict[asyncio.AbstractEventLoop, _Pair]] = []
        self._process = os.getpid()
        self._making = Lock()

    def connections(self, *, trusted: bool) -> Connections:
        """The running loop's."""
        pair = self._pairs.get(asyncio.get_running_loop())
        if pair is None or self._process != os.getpid():
            pair = self._make()
        return pair.trusted if trusted else pair.guarded

    async def close(self) -> None:
        """Close the running loop's connections. The pool can be used again afterwards."""
        pair = self._pairs.pop(asyncio.get_running_loop(), None)
        if pair is not None:
            await pair.trusted.close()
            await pair.guarded.close()

    def _make(self) -> _Pair:
        if self._process != os.getpid():
            self._begin_again()
        with self._making:
            for loop in [loop for loop in self._pairs if loop.is_closed()]:
                del self._pairs[loop]
            if self._tls is None:
                # Made once: reading the system's certificates takes longer than a call.
                self._tls = httpcore2.default_ssl_context()
            guarded = GuardedNetwork(self.guard)
            pair = _Pair(Connections(Network(), self._tls), Connections(guarded, self._tls))
            self._pairs[asyncio.get_running_loop()] = pair
            return pair

    def _begin_again(self) -> None:
        """After a fork. The lock is new, because a thread of the parent may have held it."""
        # Kept, not freed: freeing them would take the parent's sockets out of the epoll that both share.
        self._parents.append(self._pairs)
        self._process, self._pairs, self._making = os.getpid(), {}, Lock()
