"""What all doors for webhooks share: reading a request within its limits, and the answer with its log line and metric.

In production `Doorway.serve` answers in the event loop of the web server. `Doorway.view` lets Django's development
server and test client reach the same code.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, UnreadablePostError
from prometheus_client import Histogram

from lib import background_loop
from lib.each_turn import EachTurn

ANSWERS = Histogram(
    "ponte_webhook_seconds",
    "Webhooks answered, by outcome: how many, and seconds from the first byte read to the answer.",
    ["outcome"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Grow = Callable[[int], None]
"""Is told how many bytes of a body have arrived, and may raise."""


class TooLarge(Exception):
    """The body is longer than its limit."""


class Incomplete(Exception):
    """The sender closed the connection, or let the time pass, before the body was complete."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose body has not been read. `environ` has the headers by their WSGI names."""

    method: str
    environ: Mapping[str, Any]
    read: Callable[[int, Grow], Awaitable[bytes]] = field(repr=False)
    """Reads a body of at most so many bytes. Raises TooLarge or Incomplete, and what `Grow` raises."""

    def announces_more_than(self, limit: int) -> bool:
        """Whether its head says that the body is longer."""
        length = self.environ.get("CONTENT_LENGTH", "")
        # A number with more digits is too large, too, and costs int() more than linear time.
        return length.isdecimal() and (len(length) > len(str(limit)) or int(length) > limit)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the sender. The log contains `outcome` and `event`, the metric `outcome`: choose few words."""

    status: int
    outcome: str
    event: str = "-"
    content: bytes = field(default=b"", repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def all_headers(self) -> dict[str, str]:
        """The headers. Without the length the answer would be sent in chunks: no middleware runs that sets it."""
        return {"Content-Type": self.content_type, "Content-Length": str(len(self.content)), **self.headers}


Work = Callable[[Request], Awaitable[Answer]]


def at_any_length(_size: int) -> None:
    """Lets a body grow up to its limit."""


class Doorway:
    """The way from a server to a door's answers. The answers stand in the door's own log."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._answered = EachTurn(self._report)

    async def serve(self, scope: Mapping[str, Any], receive: Receive, send: Send, work: Work) -> None:
        """Answer one ASGI request."""
        request = Request(scope["method"], _environ(scope), lambda limit, grow: _read_messages(receive, limit, grow))
        answer = await self._timed(work, request)
        pairs = [(name.lower().encode(), value.encode()) for name, value in answer.all_headers().items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        await send({"type": "http.response.body", "body": answer.content})

    def view(self, request: HttpRequest, work: Work) -> HttpResponse:
        """Answer one request of Django's development server or test client."""

        async def read(limit: int, grow: Grow) -> bytes:
            return await asyncio.to_thread(_read_stream, request, limit, grow)

        answer = background_loop.run(self._timed(work, Request(request.method or "", request.META, read)))
        response = HttpResponse(answer.content, status=answer.status, headers=answer.all_headers())
        # Django would log the path of a refused request, and a path may hold a token.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    async def _timed(self, work: Work, request: Request) -> Answer:
        started = time.perf_counter()
        try:
            answer = await work(request)
        except Exception as error:
            # A server would log the path, and a path may hold a token.
            self._logger.exception("A webhook could not be answered: %s", type(error).__name__)
            answer = Answer(503, "failed")
        self._answered.put((answer, time.perf_counter() - started))
        return answer

    def _report(self, answers: list[tuple[Answer, float]]) -> None:
        for answer, seconds in answers:
            ANSWERS.labels(answer.outcome).observe(seconds)
            self._log(answer, seconds)

    def _log(self, answer: Answer, seconds: float) -> None:
        milliseconds = round(seconds * 1000, 2)
        fields = {"event_kind": answer.event, "outcome": answer.outcome, "response_ms": milliseconds}
        if answer.status == 200:
            text = "Webhook %s accepted and queued for processing. Outcome: %s. Response time: %.2fms"
            self._logger.info(text, answer.event, answer.outcome, milliseconds, extra=fields)
        else:
            text = "Webhook refused with %d: %s. Response time: %.2fms"
            self._logger.warning(text, answer.status, answer.outcome, milliseconds, extra=fields)


async def _read_messages(receive: Receive, limit: int, grow: Grow) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Incomplete
        body += message.get("body", b"")
        if len(body) > limit:
            raise TooLarge
        grow(len(body))
        if not message.get("more_body"):
            return bytes(body)


def _read_stream(request: HttpRequest, limit: int, grow: Grow) -> bytes:
    """Django treats a chunked request, which has no Content-Length, as empty. This function reads its stream directly
    if the server promises that the stream ends (`wsgi.input_terminated`).
    """
    is_chunked = not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated")
    stream = request.META["wsgi.input"] if is_chunked else request
    try:
        body: bytes = stream.read(limit + 1)
    except (UnreadablePostError, OSError):
        raise Incomplete from None
    if len(body) > limit:
        raise TooLarge
    grow(len(body))
    return body


def _environ(scope: Mapping[str, Any]) -> dict[str, str]:
    """The headers as WSGI names them. Repeated headers are joined by commas."""
    client = scope.get("client")
    environ = {"REMOTE_ADDR": client[0] if client else ""}
    for raw_name, raw_value in scope["headers"]:
        name, value = _wsgi_name(raw_name), raw_value.decode("latin-1")
        environ[name] = f"{environ[name]},{value}" if name in environ else value
    return environ


@lru_cache(maxsize=256)
def _wsgi_name(header: bytes) -> str:
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


class Headers(Mapping[str, str]):
    """The headers of an environ by their names in lower case, such as "content-type"."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        value: str = self._environ[_wsgi_name(name.encode("latin-1", "replace"))]
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or `default`."""
        return self._environ.get(_wsgi_name(name.encode("latin-1", "replace")), default)

    def __iter__(self) -> Iterator[str]:
        for name in self._environ:
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                yield name.removeprefix("HTTP_").lower().replace("_", "-")

    def __len__(self) -> int:
        return sum(1 for _ in self)
