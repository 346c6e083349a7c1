"""Notes when a request's first byte goes out: until then nobody can have acted on it."""

import logging
import ssl
from contextvars import ContextVar
from typing import Any

import httpcore2


class Progress:
    """How far one request has come."""

    def __init__(self) -> None:
        self.sent = False


class Doings:
    """What one call has done so far, also at origins it was sent on to."""

    def __init__(self) -> None:
        self.under_way: list[Progress] = []
        self.changed = False


sending: ContextVar[Progress | None] = ContextVar("sending", default=None)
"""The request that the running task sends."""


class NotingStream(httpcore2.AsyncNetworkStream):
    """A connection whose writes are noted with the request they belong to. Everything else is the connection's."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come."""
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Noted before it is done: a write that is cut off may have reached the other side."""
        progress = sending.get()
        if progress is not None:
            progress.sent = True
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """End it."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        """The same, encrypted; the handshake is no part of the request."""
        return NotingStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """The connection's."""
        return self._stream.get_extra_info(info)


def _without_headers(record: logging.LogRecord) -> bool:
    """httpcore2 writes an answer's headers, cookies among them, into its debug log: not those of our requests."""
    if sending.get() is not None and isinstance(record.msg, str):
        record.msg = record.msg.partition(" ")[0]
    return True


logging.getLogger("httpcore2.http11").addFilter(_without_headers)
