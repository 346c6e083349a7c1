"""Reads an answer's body: decoded, and never more of it than is allowed, however small it came packed."""

import zlib
from collections.abc import AsyncIterable
from typing import cast

import httpcore2

from plugfn.errors import Unavailable, Unexpected

ACCEPTED = b"gzip"
"""What we ask for; other codings are an answer that breaks the contract."""

MOST_DROPPED = 65536


class _Gunzip:
    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._begun = False

    def decode(self, packed: bytes, most: int) -> bytes:
        """At most `most` bytes of what is packed; the rest of the input is dropped when there are more."""
        out = bytearray()
        try:
            while packed and len(out) < most:
                if self._member.eof:
                    self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                self._begun = True
                out += self._member.decompress(packed, most - len(out))
                packed = self._member.unused_data or self._member.unconsumed_tail
        except zlib.error:
            raise Unexpected("the answer is not the gzip it claims to be", code="encoding") from None
        return bytes(out)

    def end(self) -> None:
        """Raises Unavailable when the packed data stopped in the middle."""
        if self._begun and not self._member.eof:
            raise Unavailable("the answer stopped in the middle", maybe_done=True, code="truncated")


def _decoder(coding: str) -> _Gunzip | None:
    if coding in ("", "identity"):
        return None
    if coding in ("gzip", "x-gzip"):
        return _Gunzip()
    raise Unexpected("the answer is packed in a way that was not asked for", code="encoding")


async def read_body(answer: httpcore2.Response, headers: dict[str, str], max_bytes: int) -> bytes:
    """The whole decoded body. Raises Unexpected when it is bigger than `max_bytes` or packed in another way."""
    decoder = _decoder(headers.get("content-encoding", "").strip().lower())
    parts: list[bytes] = []
    size = 0
    async for part in cast(AsyncIterable[bytes], answer.stream):
        plain = part if decoder is None else decoder.decode(part, max_bytes - size + 1)
        size += len(plain)
        if size > max_bytes:
            raise Unexpected(f"the answer is bigger than {max_bytes} bytes", code="too_big")
        parts.append(plain)
    if decoder is not None:
        decoder.end()
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def drop_body(answer: httpcore2.Response) -> None:
    """Read a body that nobody wants as far as is cheaper than a new connection, and drop it."""
    size = 0
    async for part in cast(AsyncIterable[bytes], answer.stream):
        size += len(part)
        if size > MOST_DROPPED:
            return
