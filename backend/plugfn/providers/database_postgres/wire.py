"""A relay between libpq and the user's server: libpq connects to our socket in a private folder, we to the server.

The relay encrypts, and it limits what a hostile server can do. Without it, libpq would accept messages of 2 GB and
endless rows, and as many rounds of SCRAM hashing as the server asks for, which would block the whole process.
Messages: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from plugfn.errors import NeedsReconnect, PlugFnError, Unexpected

MOST_BYTES = 10 * 1024 * 1024
"""The most bytes that a server may send in one session: several times the biggest answer that we request."""
MOST_ROUNDS = 100_000
"""The most rounds of SCRAM; PostgreSQL's default is 4096 (scram_iterations)."""
MOST_ADDRESSES = 3

_LONGEST_GREETING, _LONGEST = 30_000, 2**32
_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16/"
_AUTHENTICATION, _SATISFIED, _SASL_CONTINUE = b"R", 0, 11

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """The relay of one session. `failure`: the reason if the relay failed; libpq only sees a broken connection."""

    def __init__(self, host: str, port: int, addresses: list[str], tls: ssl.SSLContext | None, seconds: float) -> None:
        self.host, self.port, self.tls, self.seconds = host, port, tls, seconds
        self.addresses = addresses[:MOST_ADDRESSES]
        self.left = MOST_BYTES
        self.failure: PlugFnError | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator[None]:
        """Listens in `folder`, which only this user may enter, where libpq looks for this port's socket."""
        server = await asyncio.start_unix_server(self._accept, folder / f".s.PGSQL.{self.port}")
        try:
            yield
        finally:
            server.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError):  # libpq sees and reports the broken connection
                await self._joined((reader, writer), await self._reached())
        except PlugFnError as error:
            self.failure = error
        finally:
            writer.close()

    async def _reached(self) -> Stream:
        """A connection to the first address that accepts one. Raises OSError, NeedsReconnect."""
        for address in self.addresses:
            with suppress(OSError):
                async with asyncio.timeout(self.seconds / len(self.addresses)):
                    stream = await self._connected(address)
                self.addresses = [address]  # cancelling a query must reach the same server
                return stream
        raise ConnectionError

    async def _connected(self, address: str) -> Stream:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        plain = socket.socket(family, socket.SOCK_STREAM)
        try:
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, (address, self.port))
            if self.tls is None:
                return await asyncio.open_connection(sock=plain)
            return await self._encrypted(plain, self.tls)
        except BaseException:
            plain.close()
            raise

    async def _encrypted(self, plain: socket.socket, tls: ssl.SSLContext) -> Stream:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(plain, _SSL_REQUEST)
        # Reads only one byte: plaintext that follows it must not be read as if it had been encrypted.
        if await loop.sock_recv(plain, 1) != b"S":
            raise tls_error()
        try:
            return await asyncio.open_connection(sock=plain, ssl=tls, server_hostname=self.host)
        except (ssl.SSLError, ValueError):
            raise tls_error() from None

    async def _joined(self, near: Stream, far: Stream) -> None:
        both = [asyncio.create_task(self._down(far[0], near[1])), asyncio.create_task(_pump(near[0], far[1]))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            far[1].close()
            for task in both:
                task.cancel()
            ends = await asyncio.gather(*both, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _down(self, far: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        """Relays what the server sends, message by message. Raises PlugFnError, EOFError."""
        while not await self._relayed(far, near, _LONGEST_GREETING):
            pass
        while True:
            await self._relayed(far, near, _LONGEST)

    async def _relayed(self, far: asyncio.StreamReader, near: asyncio.StreamWriter, longest: int) -> bool:
        """Relays one message; returns whether it ended the login."""
        head = await far.readexactly(5)
        length = int.from_bytes(head[1:], "big")
        if not 4 <= length <= longest:
            raise Unexpected("the server does not speak PostgreSQL's protocol", code="not_postgresql")
        self._spend(length)
        body = await far.readexactly(length - 4)
        kind = int.from_bytes(body[:4], "big") if head[:1] == _AUTHENTICATION else None
        if kind == _SASL_CONTINUE:
            _check_rounds(body[4:])
        near.write(head + body)
        await near.drain()
        return kind == _SATISFIED

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise Unexpected("the server sent more than was requested", code="too_big")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()


def _check_rounds(message: bytes) -> None:
    """Checks the `i` of SCRAM's `r=…,s=…,i=4096` (RFC 5802). Raises NeedsReconnect."""
    for part in message.split(b","):
        rounds = part.removeprefix(b"i=")
        if rounds != part and (not rounds.isdigit() or len(rounds) > 9 or int(rounds) > MOST_ROUNDS):
            raise NeedsReconnect(
                f"The server asks for more than {MOST_ROUNDS} rounds of SCRAM: set the password again with fewer.",
                code="auth_method",
            )


def tls_error() -> NeedsReconnect:
    """The error to raise if a connection cannot be encrypted or verified as sslmode requires."""
    return NeedsReconnect("The connection cannot be encrypted or verified as sslmode requires.", code="tls")
