"""gunicorn's ASGI worker, with deadlines and bounds for requests that do not arrive whole.

gunicorn has no deadline for a request's head and enforces no number of connections. A request that waits costs a
connection and a few kilobytes here, and no thread.
"""

import asyncio
import resource
import signal
from typing import Any

from django.conf import settings
from gunicorn.asgi import protocol
from gunicorn.workers import gasgi

from core.waiting import Waiting
from lib.client_address import of_headers

SWEEP = 0.5
"""Seconds between two looks for late requests."""
FAREWELL = 0.5
"""Seconds in which a stopping worker still answers requests on connections that were idle."""
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
SPARE_FILES = 256
"""Files that are not for connections: the database, the broker, libraries."""


# The stubs of gunicorn know nothing of what these two override.
_ASGIProtocol: Any = protocol.ASGIProtocol
_ASGIWorker: Any = gasgi.ASGIWorker


class Connection(_ASGIProtocol):  # type: ignore[misc]
    """One connection of a client."""

    worker: "Worker"

    def connection_made(self, transport: Any) -> None:
        """Make room for the connection, and wait for its first request."""
        super().connection_made(transport)
        if self.worker.nr_conns > self.worker.connection_limit and (oldest := self.worker.waiting.oldest()):
            oldest.end()
        self.worker.waiting.begin(self, self.worker.loop.time())

    def data_received(self, data: bytes) -> None:
        """Note when a request begins and, if it does not arrive whole, whose it is."""
        waiting = self.worker.waiting
        if self._current_request is None:
            waiting.begin(self, self.worker.loop.time())
        super().data_received(data)
        if self._current_request is None or self._body_receiver._complete:
            return
        if (address := self._client()) and (other := waiting.belongs(self, address)):
            other.give_up()

    def _on_message_complete(self) -> None:
        super()._on_message_complete()
        self.worker.waiting.complete(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.worker.waiting.complete(self)
        super().connection_lost(exc)

    def _arm_keepalive_timer(self) -> None:
        super()._arm_keepalive_timer()
        self.worker.waiting.rest(self)

    def _client(self) -> str | None:
        """What the limit counts by; None if a proxy hides the client."""
        peer = self.transport.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else ""
        return of_headers(address, self._current_request.headers_bytes, settings.TRUSTED_PROXIES).limited

    def give_up(self) -> None:
        """Answer 408 to a request that did not arrive whole, and close."""
        self._send_error_response(408, "The request did not arrive in time")
        self.end()

    def end(self) -> None:
        """Close the connection, and wake the task that waits for a request on it."""
        self.worker.waiting.complete(self)
        self._close_transport()
        if self._request_ready is not None:
            self._request_ready.set()


class Worker(_ASGIWorker):  # type: ignore[misc]
    """Serves with `Connection` instead of gunicorn's own class."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.waiting: Waiting[Connection] = Waiting()
        self.connection_limit = self.worker_connections

    def init_process(self) -> None:
        """Replace the class of connections, because gunicorn has no setting for it.

        A loop that does not run yet loses signals, so those that stop the worker wait until it runs.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        gasgi.ASGIProtocol = Connection  # type: ignore[attr-defined]
        self.connection_limit = min(self.worker_connections, _allow_files() - SPARE_FILES)
        super().init_process()

    async def _serve(self) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        sweeping = self.loop.create_task(self._sweep())
        try:
            await super()._serve()
        finally:
            sweeping.cancel()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            for connection in self.waiting.late(self.loop.time()):
                connection.give_up()

    async def _shutdown(self) -> None:
        """Close idle connections first; gunicorn would wait for them until its `graceful_timeout`."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(FAREWELL)
        for connection in self.waiting.idle():
            connection.end()
        await super()._shutdown()


def _allow_files() -> int:
    """Raise the number of open files to what the system allows this process, and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 65_536) if hard != resource.RLIM_INFINITY else 65_536
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)
