"""A server that answers with exactly the bytes a test wants, and certificates of a private authority."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from plugfn.net.guard import Guard
from plugfn.net.pool import Pool
from plugfn.net.vendor import VendorHttp

SECRET = "tok-3f9a"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class RawServer:
    """Answers each request by `answer`: bytes to send (then the connection stays), or a function of the writer.

    Unlike `plugfn.testing.stub_http` it runs in the test's own event loop, speaks TLS, listens on any loopback address,
    and keeps requests byte for byte: what a test of the connection pool itself needs."""

    def __init__(self) -> None:
        self.answer: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]] = OK
        self.seen: list[bytes] = []
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.seen.append(await self._request(reader))
                if callable(self.answer):
                    await self.answer(writer)
                else:
                    writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return head + (await reader.readexactly(int(length[0].partition(b":")[2])) if length else b"")


@asynccontextmanager
async def serving(
    host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    """A RawServer for the duration of the context."""
    raw = RawServer()
    server = await asyncio.start_server(raw.handle, host, port, ssl=tls, limit=2**20, backlog=512)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
    finally:
        server.close()


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with serving() as raw:
        yield raw


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    made = Pool(Guard(["127.0.0.1/32"]))
    yield made
    await made.close()


class Authority:
    """Signs a certificate for any name."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
        ours = x509.BasicConstraints(ca=True, path_length=None)
        self._own = self._sign(self._name, self._key.public_key(), ours)

    def client(self) -> ssl.SSLContext:
        """A client context that trusts only this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self._own.public_bytes(serialization.Encoding.PEM).decode())
        return context

    def server(self, name: str, folder) -> ssl.SSLContext:
        """A server context with a certificate for `name`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        signed = self._sign(subject, key.public_key(), x509.SubjectAlternativeName([x509.DNSName(name)]))
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        (folder / "cert.pem").write_bytes(signed.public_bytes(pem))
        (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        return context

    def _sign(self, subject, public_key, extension) -> x509.Certificate:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(public_key)
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        made = made.not_valid_after(now + timedelta(hours=1)).add_extension(extension, critical=False)
        return made.sign(self._key, hashes.SHA256())


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


def vendor(pool: Pool, server: RawServer, path: str = "", **options) -> VendorHttp:
    """An HTTP client for a server, as the executor creates it."""
    options = {"trusted": True, "headers": {"Authorization": f"Bearer {SECRET}"}} | options
    return VendorHttp(pool, server.url + path, **options)


def answer(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    """A complete answer."""
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines])
    return head.encode() + b"\r\n\r\n" + body


async def then_close(writer: asyncio.StreamWriter) -> None:
    """Close the connection."""
    writer.close()
