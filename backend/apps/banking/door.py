"""The door: it authenticates an aggregator's webhook, commits its event, and answers within milliseconds.

200  stored now or before          401  no valid proof (the sender does not retry)     415  not JSON
400  not a notification            405  not a POST                                     503  not stored: try again
404  unknown aggregator            413  more than 256 KiB
An event with the answer 503 may still have been committed a moment too late; its redelivery is then a duplicate.
The only query is the insert, except for a webhook that only a token in its path proves. Such a token counts for the
items of one member, so Ponte looks up whose the item is; if Ponte does not know it, the worker asks the aggregator.
An answer reveals whether an item exists here only to a sender with such a token.

In production `serve` answers in the event loop of the web server. `receive`, the view in the URLconf, lets Django's
development server and test client reach the same `_answer`.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import Histogram

from apps.banking.aggregators.contract import Aggregator, Door, Malformed
from apps.banking.aggregators.mailboxes import mailbox_of, read_mailbox_name, vendor_of
from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.banking.owners import may_own
from apps.events.accept import PATIENCE, Incoming, Refused, Unavailable, accept_in_loop
from lib import background_loop
from lib.client_address import is_local, of_meta
from lib.each_turn import EachTurn

logger = logging.getLogger(__name__)

BODY_LIMIT = 256 * 1024
UNAUTHORIZED = "unauthorized"

ANSWERS = Histogram(
    "ponte_webhook_seconds",
    "Webhooks answered, by outcome: how many, and seconds from the first byte read to the answer.",
    ["outcome"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)

Message = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """A request without its body. `environ` has the headers by their WSGI names."""

    method: str
    environ: Mapping[str, Any]
    definition: Aggregator
    token: str | None


@dataclass(frozen=True, slots=True)
class Sender:
    """The application to which a webhook belongs, by its name, and that application's door."""

    application: str
    door: Door


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the sender. Its body is `detail`, or else `outcome`; the log contains `outcome` and `event`."""

    status: int
    outcome: str
    event: str = "-"
    detail: str = ""

    def render(self) -> tuple[bytes, dict[str, str]]:
        """The content, which is one JSON object, and the headers."""
        return _rendered(self.status, self.detail or self.outcome)


@lru_cache(maxsize=256)
def _rendered(status: int, text: str) -> tuple[bytes, dict[str, str]]:
    content = json.dumps({"status" if status == 200 else "error": text}).encode()
    # Without its length the answer would be sent in chunks, because no middleware runs that sets it.
    headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    return content, {**headers, "Allow": "POST"} if status == 405 else headers


class TooLarge(Exception):
    """The body is longer than BODY_LIMIT."""


class Incomplete(Exception):
    """The sender closed the connection, or let the time pass, before the body was complete."""


Reader = Callable[[], Awaitable[bytes]]
"""Reads the body. Raises TooLarge or Incomplete."""


async def serve(
    scope: Mapping[str, Any],
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
    name: str,
    token: str | None,
) -> None:
    """Answer one ASGI request to /api/banking/webhooks/<name>/ or, for single items, …/<name>/<token>/."""
    head = Head(scope["method"], _environ(scope), aggregator(name), token)
    answer = await _answer_and_report(head, lambda: _read_messages(receive))
    content, headers = answer.render()
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    await send({"type": "http.response.body", "body": content})


@csrf_exempt
def receive(request: HttpRequest, name: str, token: str | None = None) -> HttpResponse:
    """The same answers for Django's development server and test client."""
    if name not in AGGREGATORS:
        raise Http404
    head = Head(request.method or "", request.META, aggregator(name), token)
    answer = background_loop.run(_answer_and_report(head, lambda: asyncio.to_thread(_read_stream, request)))
    content, headers = answer.render()
    return HttpResponse(content, status=answer.status, headers=headers)


async def _answer_and_report(head: Head, read: Reader) -> Answer:
    started = time.perf_counter()
    answer = await _answer(head, read)
    _answered.put((answer, time.perf_counter() - started))
    return answer


async def _answer(head: Head, read: Reader) -> Answer:
    if refusal := _refusal_of_head(head):
        return refusal
    sender = _authenticate(head, None)
    if isinstance(sender, Answer) and not _may_be_signed(head):
        return sender
    try:
        body = await read()
    except TooLarge:
        return Answer(413, "too_large")
    except Incomplete:
        return Answer(400, "incomplete")
    if isinstance(sender, Answer):
        sender = _authenticate(head, body)
    return sender if isinstance(sender, Answer) else await _accept(head, body, sender)


def _refusal_of_head(head: Head) -> Answer | None:
    if head.method != "POST":
        return Answer(405, "method_not_allowed")
    if head.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        return Answer(415, "not_json")
    if _is_too_large(head.environ.get("CONTENT_LENGTH", "")):
        return Answer(413, "too_large")
    return None


def _is_too_large(length: str) -> bool:
    # Longer numbers are too large, too, and cost int() more than linear time.
    return length.isdecimal() and (len(length) > len(str(BODY_LIMIT)) or int(length) > BODY_LIMIT)


def _authenticate(head: Head, body: bytes | None) -> Sender | Answer:
    """The application that owns this webhook, or a refusal. It asks all doors, so the time does not reveal which."""
    doors = _doors(head)
    if proving := [sender for sender in doors if sender.door.proves(head.environ, body, head.token)]:
        return proving[0]
    if any(sender.door.is_configured() for sender in doors):
        return Answer(401, UNAUTHORIZED)
    if settings.DEBUG and doors and _comes_from_this_machine(head):
        logger.warning("No webhook secret is set. Ponte accepts webhooks of this machine without proof: DEBUG is on.")
        return doors[0]
    return Answer(503, "not_configured")


def _doors(head: Head) -> list[Sender]:
    """The doors of the settings' applications and, if a token in the path names a client's own one, that one's.

    It needs no query: the token's MAC shows that Ponte made it for an application of that name."""
    doors = [Sender(application.name, application.door) for application in head.definition.applications()]
    if head.token and (own := head.definition.door_of_token(head.token)):
        doors.append(Sender(*own))
    return doors


def _comes_from_this_machine(head: Head) -> bool:
    """Behind a tunnel, too, the other end of the connection is this machine; the headers tell."""
    return is_local(of_meta(head.environ, settings.TRUSTED_PROXIES), head.environ.get("HTTP_HOST", ""))


def _may_be_signed(head: Head) -> bool:
    return any(sender.door.is_signed(head.environ) for sender in _doors(head))


async def _accept(head: Head, body: bytes, sender: Sender) -> Answer:
    try:
        notification = sender.door.read(body)
    except Malformed as error:
        return Answer(400, "malformed", detail=str(error))
    mailbox = mailbox_of(head.definition.name, sender.application, notification)
    source = vendor_of(head.definition.name, sender.application)
    member = None if head.token is None else sender.door.only_member(head.environ, body, head.token)
    incoming = Incoming(source, notification.event_id, notification.kind, mailbox, body, token_member=member)
    return await (_store(incoming) if member is None else _store_for(member, incoming))


async def _store(incoming: Incoming) -> Answer:
    try:
        return Answer(200, await accept_in_loop(incoming), incoming.kind)
    except Refused:
        return Answer(400, "not_storable", incoming.kind)
    except Unavailable:
        return Answer(503, "unavailable", incoming.kind)


async def _store_for(member: UUID, incoming: Incoming) -> Answer:
    """Store a webhook whose sender has proved nothing but the member's token, if its item may be the member's."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    try:
        if not await may_own(member, read_mailbox_name(incoming.mailbox), deadline):
            return Answer(401, "other_member", incoming.kind, detail=UNAUTHORIZED)
        async with asyncio.timeout_at(deadline):
            return await _store(incoming)
    except (TimeoutError, psycopg.Error, OSError) as error:
        logger.warning("A webhook's item could not be looked up or stored in time: %s", type(error).__name__)
        return Answer(503, "unavailable", incoming.kind)


async def _read_messages(receive: Callable[[], Awaitable[Message]]) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Incomplete
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            raise TooLarge
        if not message.get("more_body"):
            return bytes(body)


def _read_stream(request: HttpRequest) -> bytes:
    """Django treats a chunked request, which has no Content-Length, as empty. This function reads its stream directly
    if the server promises that the stream ends (`wsgi.input_terminated`).
    """
    is_chunked = not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated")
    stream = request.META["wsgi.input"] if is_chunked else request
    try:
        body: bytes = stream.read(BODY_LIMIT + 1)
    except (UnreadablePostError, OSError):
        raise Incomplete from None
    if len(body) > BODY_LIMIT:
        raise TooLarge
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


def _report(answers: list[tuple[Answer, float]]) -> None:
    for answer, seconds in answers:
        ANSWERS.labels(answer.outcome).observe(seconds)
        _log(answer, seconds)


_answered = EachTurn(_report)


def _log(answer: Answer, seconds: float) -> None:
    milliseconds = round(seconds * 1000, 2)
    fields = {"event_kind": answer.event, "outcome": answer.outcome, "response_ms": milliseconds}
    if answer.status == 200:
        text = "Webhook %s accepted and queued for processing. Outcome: %s. Response time: %.2fms"
        logger.info(text, answer.event, answer.outcome, milliseconds, extra=fields)
    else:
        text = "Webhook refused with %d: %s. Response time: %.2fms"
        logger.warning(text, answer.status, answer.outcome, milliseconds, extra=fields)
