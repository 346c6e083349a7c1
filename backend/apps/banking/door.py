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
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.banking.aggregators.contract import Aggregator, Door, Malformed
from apps.banking.aggregators.mailboxes import mailbox_of, read_mailbox_name, vendor_of
from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.banking.owners import may_own
from apps.events.accept import PATIENCE, Incoming, Refused, Unavailable, accept_in_loop
from lib.client_address import is_local, of_meta
from lib.doorway import Answer, Doorway, Incomplete, Receive, Request, Send, TooLarge, at_any_length

logger = logging.getLogger(__name__)
doorway = Doorway(logger)

BODY_LIMIT = 256 * 1024
UNAUTHORIZED = "unauthorized"


@dataclass(frozen=True, slots=True)
class Head:
    """A request without its body. `environ` has the headers by their WSGI names."""

    environ: Mapping[str, Any]
    definition: Aggregator
    token: str | None


@dataclass(frozen=True, slots=True)
class Sender:
    """The application to which a webhook belongs, by its name, and that application's door."""

    application: str
    door: Door


def say(status: int, outcome: str, event: str = "-", detail: str = "") -> Answer:
    """An answer whose body is `detail`, or else `outcome`."""
    return Answer(status, outcome, event, _content(status, detail or outcome), headers=_ALLOW if status == 405 else {})


_ALLOW = {"Allow": "POST"}


@lru_cache(maxsize=256)
def _content(status: int, text: str) -> bytes:
    return json.dumps({"status" if status == 200 else "error": text}).encode()


async def serve(scope: Mapping[str, Any], receive: Receive, send: Send, name: str, token: str | None) -> None:
    """Answer one ASGI request to /api/banking/webhooks/<name>/ or, for single items, …/<name>/<token>/."""
    await doorway.serve(scope, receive, send, lambda request: _answer(request, aggregator(name), token))


@csrf_exempt
def receive(request: HttpRequest, name: str, token: str | None = None) -> HttpResponse:
    """The same answers for Django's development server and test client."""
    if name not in AGGREGATORS:
        raise Http404
    return doorway.view(request, lambda arrived: _answer(arrived, aggregator(name), token))


async def _answer(request: Request, definition: Aggregator, token: str | None) -> Answer:
    head = Head(request.environ, definition, token)
    if refusal := _refusal_of_head(request):
        return refusal
    sender = _authenticate(head, None)
    if isinstance(sender, Answer) and not _may_be_signed(head):
        return sender
    try:
        body = await request.read(BODY_LIMIT, at_any_length)
    except TooLarge:
        return say(413, "too_large")
    except Incomplete:
        return say(400, "incomplete")
    if isinstance(sender, Answer):
        sender = _authenticate(head, body)
    return sender if isinstance(sender, Answer) else await _accept(head, body, sender)


def _refusal_of_head(request: Request) -> Answer | None:
    if request.method != "POST":
        return say(405, "method_not_allowed")
    if request.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        return say(415, "not_json")
    if request.announces_more_than(BODY_LIMIT):
        return say(413, "too_large")
    return None


def _authenticate(head: Head, body: bytes | None) -> Sender | Answer:
    """The application that owns this webhook, or a refusal. It asks all doors, so the time does not reveal which."""
    doors = _doors(head)
    if proving := [sender for sender in doors if sender.door.proves(head.environ, body, head.token)]:
        return proving[0]
    if any(sender.door.is_configured() for sender in doors):
        return say(401, UNAUTHORIZED)
    if settings.DEBUG and doors and _comes_from_this_machine(head):
        logger.warning("No webhook secret is set. Ponte accepts webhooks of this machine without proof: DEBUG is on.")
        return doors[0]
    return say(503, "not_configured")


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
        return say(400, "malformed", detail=str(error))
    mailbox = mailbox_of(head.definition.name, sender.application, notification)
    source = vendor_of(head.definition.name, sender.application)
    member = None if head.token is None else sender.door.only_member(head.environ, body, head.token)
    incoming = Incoming(source, notification.event_id, notification.kind, mailbox, body, token_member=member)
    return await (_store(incoming) if member is None else _store_for(member, incoming))


async def _store(incoming: Incoming) -> Answer:
    try:
        return say(200, await accept_in_loop(incoming), incoming.kind)
    except Refused:
        return say(400, "not_storable", incoming.kind)
    except Unavailable:
        return say(503, "unavailable", incoming.kind)


async def _store_for(member: UUID, incoming: Incoming) -> Answer:
    """Store a webhook whose sender has proved nothing but the member's token, if its item may be the member's."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    try:
        if not await may_own(member, read_mailbox_name(incoming.mailbox), deadline):
            return say(401, "other_member", incoming.kind, detail=UNAUTHORIZED)
        async with asyncio.timeout_at(deadline):
            return await _store(incoming)
    except (TimeoutError, psycopg.Error, OSError) as error:
        logger.warning("A webhook's item could not be looked up or stored in time: %s", type(error).__name__)
        return say(503, "unavailable", incoming.kind)
