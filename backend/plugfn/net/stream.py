"""Watches a connection: records when its request is sent, and detects bytes that come after the answer."""

import ssl
from typing import Any

import httpcore2

from plugfn.net.progress import sending


class WatchedStream(httpcore2.AsyncNetworkStream):
    """Records writes for the request that they belong to, and holds back the last byte of each piece that it reads.

    The reader asks for more only while its answer is incomplete, and then gets that byte. So a byte that is still held
    back when the answer is complete does not belong to it."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream, self._held_back = stream, b""
        self._tls: ssl.SSLObject | None = stream.get_extra_info("ssl_object")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next piece without its last byte, or the byte that was held back."""
        if self._held_back:
            last, self._held_back = self._held_back, b""
            return last
        piece = await self._stream.read(max_bytes, timeout)
        if len(piece) < 2:
            return piece
        self._held_back = piece[-1:]
        return piece[:-1]

    def has_more(self) -> bool:
        """Whether bytes came that the last answer did not need."""
        return bool(self._held_back) or (self._tls is not None and _has_decrypted(self._tls))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write, and record it first: a write that is cut off may have reached the other side."""
        progress = sending.get()
        if progress is not None:
            progress.sent = True
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close it."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        """The same connection with TLS; the handshake does not count as sending the request."""
        return WatchedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """As the connection it wraps."""
        return self._stream.get_extra_info(info)


def _has_decrypted(tls: ssl.SSLObject) -> bool:
    """Whether TLS has more decrypted bytes. Asking consumes one of them."""
    try:
        tls.read(1)
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True
    return True
