"""Reads the body of an answer: decompresses it, and never reads more than is allowed."""

import zlib
from collections.abc import AsyncIterable
from typing import cast

import httpcore2

from plugfn.errors import Unavailable, Unexpected

ACCEPTED = b"gzip"
"""The encoding that we ask for; an answer in any other breaks the contract."""

MOST_DROPPED = 65536


class _Gunzip:
    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._started = False

    def decode(self, packed: bytes, most: int) -> bytes:
        """Decompress to at most `most` bytes; input beyond that is dropped."""
        out = bytearray()
        try:
            while packed and len(out) < most:
                if self._member.eof:
                    self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                self._started = True
                out += self._member.decompress(packed, most - len(out))
                packed = self._member.unused_data or self._member.unconsumed_tail
        except zlib.error:
            raise Unexpected("the answer is not valid gzip", code="encoding") from None
        return bytes(out)

    def end(self) -> None:
        """Raises Unavailable when the compressed data is incomplete."""
        if self._started and not self._member.eof:
            raise Unavailable("the answer ended too early", maybe_done=True, code="truncated")


def _decoder(coding: str) -> _Gunzip | None:
    if coding in ("", "identity"):
        return None
    if coding in ("gzip", "x-gzip"):
        return _Gunzip()
    raise Unexpected("the answer has an encoding that was not asked for", code="encoding")


async def read_body(answer: httpcore2.Response, headers: dict[str, str], max_bytes: int) -> bytes:
    """The whole decompressed body. Raises Unexpected when it is larger than `max_bytes` or has another encoding."""
    decoder = _decoder(headers.get("content-encoding", "").strip().lower())
    parts: list[bytes] = []
    size = 0
    async for part in cast(AsyncIterable[bytes], answer.stream):
        plain = part if decoder is None else decoder.decode(part, max_bytes - size + 1)
        size += len(plain)
        if size > max_bytes:
            raise Unexpected(f"the answer is larger than {max_bytes} bytes", code="too_big")
        parts.append(plain)
    if decoder is not None:
        decoder.end()
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def drop_body(answer: httpcore2.Response) -> None:
    """Drop an unwanted body. It is read, which keeps the connection usable, unless a new connection is cheaper."""
    size = 0
    async for part in cast(AsyncIterable[bytes], answer.stream):
        size += len(part)
        if size > MOST_DROPPED:
            return
