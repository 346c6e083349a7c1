"""An ASGI middleware that hands a request on only when its body has arrived, so that a slow sender holds no thread."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lib.error_shape import error_body

LIMIT = 3 * 1024 * 1024
"""Bytes of one body: a little more than Django accepts in a form without files."""
LIMIT_OF_ALL = 64 * LIMIT
"""Bytes of all bodies that this process holds."""

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


class WholeBody:
    """Answers 413 to a body over LIMIT, 503 while the bodies of all requests are over LIMIT_OF_ALL."""

    held = 0

    def __init__(self, application: Callable[[Any, Any, Any], Awaitable[None]]) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        body = bytearray()
        try:
            await self._read(receive, body)
            await self._application(scope, _once(bytes(body), receive), send)
        except _Refused as refusal:
            content = _content(scope, refusal.status)
            headers = [(b"content-length", str(len(content)).encode()), (b"connection", b"close")]
            headers += [(b"content-type", b"application/json")] if content else []
            await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
            await send({"type": "http.response.body", "body": content})
        finally:
            WholeBody.held -= len(body)

    async def _read(self, receive: Receive, body: bytearray) -> None:
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise _Refused(408)
            chunk = message.get("body", b"")
            body += chunk
            WholeBody.held += len(chunk)
            more = message.get("more_body", False)
            if len(body) > LIMIT:
                raise _Refused(413)
            if WholeBody.held > LIMIT_OF_ALL:
                raise _Refused(503)


def _content(scope: Scope, status: int) -> bytes:
    """Callers of the API get every error in one form."""
    if not scope.get("path", "").startswith("/api/"):
        return b""
    return error_body(*_ERRORS[status])


_ERRORS = {
    408: ("The request ended before its body.", "REQUEST_TIMEOUT"),
    413: ("The request is too large.", "TOO_LARGE"),
    503: ("The server has too much to do. Try again.", "BUSY"),
}


def _once(body: bytes, receive: Receive) -> Receive:
    """A `receive` that returns the body first, and then what the client does."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_whole() -> Any:
        return messages.pop() if messages else await receive()

    return receive_whole
