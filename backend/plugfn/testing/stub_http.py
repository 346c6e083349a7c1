"""A real HTTP server for tests. The test chooses every answer, broken ones included.

    with StubServer(lambda request: reply({"ok": True})) as server: …

The handler returns the bytes to send, or a function that gets the socket and may do anything with it. Each connection
has a thread, so a handler may block. `plugfn.testing.vendor` is the same server for tests that plan their answers.
"""

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Behaviour = bytes | Callable[[socket.socket], None]


@dataclass(frozen=True)
class Request:
    """A request that arrived. Header names are in lower case; `target` is the path with its query."""

    method: str
    target: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.partition("?")[0]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


Handler = Callable[[Request], Behaviour]


class StubServer(socketserver.ThreadingTCPServer):
    """Answers on a free port of this machine until the `with` block ends. `requests` are in order of arrival."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        super().__init__(("127.0.0.1", 0), _Connection)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> "StubServer":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: StubServer

    def handle(self) -> None:
        server = self.server
        try:
            while (request := self._request()) is not None:
                server.requests.append(request)
                behaviour = server.handler(request)
                if not isinstance(behaviour, bytes):
                    behaviour(self.connection)
                    return
                self.connection.sendall(behaviour)
        except OSError:
            return  # the client hung up, as it may at any time

    def _request(self) -> Request | None:
        line = self.rfile.readline().decode("latin-1").split()
        if len(line) != 3:
            return None
        headers = {}
        while text := self.rfile.readline().decode("latin-1").strip():
            name, _, value = text.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        return Request(line[0], line[1], headers, body)


def reply(
    body: Any = None, status: int = 200, headers: Mapping[str, str] | None = None, *, length: int | None = None
) -> bytes:
    """An answer. `body`: bytes as they are, anything else as JSON. `length`: a Content-Length that may be wrong."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"content-type": "application/json", "content-length": str(len(raw) if length is None else length)}
    fields |= {name.lower(): value for name, value in (headers or {}).items()}
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Chosen", *lines, "", ""]).encode() + raw


def hang(connection: socket.socket) -> None:
    """Say nothing until the client gives up."""
    connection.settimeout(60)
    connection.recv(1)


def reset(connection: socket.socket) -> None:
    """Break the connection without an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reset_after(sent: bytes) -> Callable[[socket.socket], None]:
    """Send that much, then break the connection."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(sent)
        threading.Event().wait(0.05)  # or the reset overtakes what was sent
        reset(connection)

    return behave


def drip(head: bytes, piece: bytes, seconds: float) -> Callable[[socket.socket], None]:
    """Send `head`, then `piece` over and over, every so many seconds, until the client gives up."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            threading.Event().wait(seconds)
            connection.sendall(piece)

    return behave
