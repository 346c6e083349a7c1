"""The door for the webhooks of integrations: it proves a delivery, commits its events, and answers in milliseconds.

200  all events are stored, now or before    401  nothing proves the sender        429  too many: Retry-After says when
400  malformed                                404  no such integration or secret    503  not stored: try again
405  not a POST                               413  longer than the provider sends   415  not JSON, where it must be
A delivery with the answer 503 may have been stored in part; its repetition stores the rest.

What a provider's deliveries look like and what proves them comes from its PlugFn definition, so a new provider needs no
code here. `serve` answers in the event loop of the web server; `receive` is the view for the development server.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.events.accept import Incoming, Refused, Unavailable, accept_in_loop
from apps.integrations.incoming.address import Place, read_path
from apps.integrations.incoming.answers import Refusal, accepted, handshake, refusal, rejected, too_many
from apps.integrations.incoming.delivery import Delivery, read
from apps.integrations.incoming.proofs import Proof, Unreadable, proofs
from apps.integrations.incoming.room import Full, Room
from lib.client_address import of_meta
from lib.doorway import Answer, Doorway, Grow, Headers, Incomplete, Receive, Request, Send, TooLarge
from lib.process_limit import ProcessLimit
from plugfn.connections.webhook_urls import keys_of
from plugfn.errors import WebhookRejected
from plugfn.inbound import Inbound, Keys
from plugfn.webhooks.reading import operator_keys

logger = logging.getLogger(__name__)
doorway = Doorway(logger)

# A longer delivery, or one with more parts, is read in a thread, because that would hold the loop.
INLINE_BYTES = 64 * 1024
INLINE_PARTS = 1_000
# Events of one delivery that are handed to the committer at once: it takes events of others in between.
PORTION = 200
# Seconds for storing all events of a delivery.
LONGEST = 5.0

_room = Room()
_of_integrations, _of_addresses = ProcessLimit(), ProcessLimit()


async def serve(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Answer one ASGI request below /webhooks/."""
    path = scope["path"]
    await doorway.serve(scope, receive, send, lambda request: _answer(request, path))


@csrf_exempt
def receive(request: HttpRequest, **_place: str) -> HttpResponse:
    """The same answers for Django's development server and test client."""
    return doorway.view(request, lambda arrived: _answer(arrived, request.path_info))


async def _answer(request: Request, path: str) -> Answer:
    try:
        return await _accept(request, path)
    except Refusal as refused:
        return refused.answer
    except WebhookRejected as error:
        return rejected(error).answer


async def _accept(request: Request, path: str) -> Answer:
    _check_address(request)
    if (place := read_path(path)) is None:
        raise refusal(404)
    if request.method != "POST":
        raise refusal(405, Allow="POST")
    if request.announces_more_than(place.webhooks.max_bytes):
        raise refusal(413)
    keys, client = await _keys(place)
    if place.integration is not None:
        _check(_of_integrations, place.integration.hex, settings.WEBHOOKS_PER_MINUTE)
    with _room.share() as grow:
        body = await _body(request, place.webhooks.max_bytes, grow)
        delivery = await _read(place, Inbound(body, Headers(request.environ)), keys, client)
        if place.integration is None and delivery.account:
            _check(_of_integrations, f"{place.entry.slug} {delivery.account}", settings.WEBHOOKS_PER_MINUTE)
        return await _finish(place, delivery)


def _check_address(request: Request) -> None:
    """Count the sender's address, unless a proxy that is not trusted may hide it."""
    if settings.WEBHOOKS_PER_ADDRESS and (address := of_meta(request.environ, settings.TRUSTED_PROXIES).limited):
        _check(_of_addresses, address, settings.WEBHOOKS_PER_ADDRESS)


def _check(limit: ProcessLimit, key: str, per_minute: int) -> None:
    if wait := limit.wait(key, per_minute, asyncio.get_running_loop().time()):
        raise too_many(wait)


async def _keys(place: Place) -> tuple[Keys, UUID | None]:
    """What proves a delivery, and the integration's client. An unknown integration and a wrong secret are the same."""
    shared = tuple(settings.PLUGFN_PROVIDERS.get(place.entry.provider, {}).get("webhook_secrets", ()))
    if place.integration is None:
        return operator_keys(shared), None
    known = proofs()
    try:
        try:
            return _own_keys(await known.of(place.integration), place, shared)
        except WebhookRejected:
            # The secret may be newer than what is cached.
            return _own_keys(await known.again(place.integration), place, shared)
    except Unreadable:
        raise refusal(503) from None


def _own_keys(proof: Proof | None, place: Place, shared: tuple[str, ...]) -> tuple[Keys, UUID | None]:
    keys = keys_of(proof.stored if proof else None, place.provider, place.secret, shared)
    return keys, proof.client if proof else None


async def _body(request: Request, limit: int, grow: Grow) -> bytes:
    try:
        return await request.read(limit, grow)
    except TooLarge:
        raise refusal(413) from None
    except Incomplete:
        raise refusal(400, "incomplete") from None
    except Full:
        raise refusal(503, "no_room") from None


async def _read(place: Place, inbound: Inbound, keys: Keys, client: UUID | None) -> Delivery:
    # Each part of a JSON text but the first follows a comma.
    if len(inbound.body) > INLINE_BYTES or inbound.body.count(b",") > INLINE_PARTS:
        return await asyncio.to_thread(read, place, inbound, keys, client)
    return read(place, inbound, keys, client)


async def _finish(place: Place, delivery: Delivery) -> Answer:
    if delivery.reply is not None:
        return handshake(delivery.reply, delivery.name)
    if not delivery.events:
        return accepted("ignored", delivery.name)
    try:
        return accepted(await _store(delivery.events), delivery.name)
    except Unavailable:
        raise refusal(503) from None
    except Refused:
        # Its client may be gone, and then its proof is out of date.
        if place.integration is not None:
            proofs().drop(place.integration)
        raise refusal(400, "not_storable", "The webhook cannot be stored.") from None


async def _store(events: Sequence[Incoming]) -> str:
    """Commit all of them. Raises Unavailable or Refused."""
    if len(events) == 1:
        return await accept_in_loop(events[0])
    end = asyncio.get_running_loop().time() + LONGEST
    outcomes = set()
    for start in range(0, len(events), PORTION):
        if asyncio.get_running_loop().time() > end:
            raise Unavailable("too many events for the database")
        outcomes |= set(await asyncio.gather(*map(accept_in_loop, events[start : start + PORTION])))
    return "accepted" if "accepted" in outcomes else "duplicate"
