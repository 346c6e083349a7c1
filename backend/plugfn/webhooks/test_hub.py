"""Tests of receiving deliveries."""

import asyncio
import hmac
import json
from dataclasses import replace
from hashlib import sha256

import pytest

from plugfn.definition import Form, Model, Origin, Provider, Result, Trigger
from plugfn.errors import UnknownName, WebhookRejected
from plugfn.inbound import Event, Inbound, Keys, Parsed, Reply, Webhooks
from plugfn.storage.memory import MemoryStore
from plugfn.testing.bench import Bench
from plugfn.webhooks.hub import Outcome, WebhookHub

SECRET = "a-webhook-secret"


class Ping(Result):
    text: str = ""


def verify(inbound: Inbound, keys: Keys) -> None:
    given = inbound.headers.get("x-signature", "")
    for secret in keys.secrets:
        if hmac.compare_digest(sign(inbound.body, secret), given):
            return
    raise WebhookRejected("the signature is wrong")


def parse(inbound: Inbound, _keys: Keys) -> Parsed:
    document = json.loads(inbound.body)
    if "challenge" in document:
        return Parsed(reply=Reply(body=document["challenge"].encode()))
    return Parsed(tuple(Event("acme", one["kind"], one, id=one.get("id")) for one in document["events"]))


def sign(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, sha256).hexdigest()


PROVIDER = Provider(
    name="acme",
    label="Acme",
    auth=Form(Model),
    docs_url="https://acme.example",
    origin=lambda settings, credentials: Origin("https://acme.example", trusted=True),
    triggers=(Trigger("ping", Ping, "A ping."),),
    webhooks=Webhooks(verify, parse, max_bytes=1000, max_events=20),
)


@pytest.fixture
async def bench():
    async with Bench(PROVIDER, credentials={}, settings={"webhook_secrets": [SECRET, "older"]}) as made:
        yield made


async def deliver(bench, *events, secret=SECRET, body=None):
    body = json.dumps({"events": events}).encode() if body is None else body
    return await bench.receive(body, {"X-Signature": sign(body, secret)})


async def test_a_signed_delivery_is_handled_by_every_handler(bench):
    seen = []
    bench.plug.webhooks.on("acme", "ping", lambda event: seen.append(event.payload["text"]))
    receipt = await deliver(bench, {"kind": "ping", "id": "1", "text": "hello"})
    assert (receipt.status, receipt.outcome) == (200, Outcome.HANDLED)
    assert seen == ["hello"]
    assert len(bench.events) == 1


async def test_both_secrets_are_accepted_while_one_is_replaced(bench):
    assert (await deliver(bench, {"kind": "ping"}, secret="older")).status == 200
    assert (await deliver(bench, {"kind": "ping"}, secret="other")).status == 401


async def test_a_replayed_delivery_is_handled_once(bench):
    for expected in (Outcome.HANDLED, Outcome.DUPLICATE):
        assert (await deliver(bench, {"kind": "ping", "id": "1"})).outcome is expected
    assert len(bench.events) == 1


async def test_events_without_an_id_are_never_duplicates(bench):
    for _ in range(2):
        assert (await deliver(bench, {"kind": "ping"})).outcome is Outcome.HANDLED
    assert len(bench.events) == 2


async def test_one_of_twenty_simultaneous_deliveries_is_handled(bench):
    receipts = await asyncio.gather(*[deliver(bench, {"kind": "ping", "id": "1"}) for _ in range(20)])
    assert sum(receipt.outcome is Outcome.HANDLED for receipt in receipts) == 1
    assert len(bench.events) == 1


async def test_only_the_failing_handler_runs_again(bench):
    ran, broken = [], [True]

    async def fails(_event: Event) -> None:
        ran.append("fails")
        if broken:
            raise RuntimeError("no")

    bench.plug.webhooks.on("acme", "ping", fails)
    bench.plug.webhooks.on("acme", "ping", lambda event: ran.append("works"))
    receipt = await deliver(bench, {"kind": "ping", "id": "1"})
    assert (receipt.status, receipt.outcome) == (500, Outcome.FAILED)
    assert ran == ["fails", "works"]
    broken.clear()
    assert (await deliver(bench, {"kind": "ping", "id": "1"})).status == 200
    assert ran == ["fails", "works", "fails"]
    assert len(bench.events) == 1


async def test_an_event_without_handlers_gets_200(bench):
    bench.plug.webhooks._handlers.clear()
    assert (await deliver(bench, {"kind": "brand_new", "id": "1"})).outcome is Outcome.UNHANDLED


async def test_a_handshake_is_answered_after_its_signature(bench):
    body = b'{"challenge": "abc"}'
    assert (await deliver(bench, body=body)).body == b"abc"
    assert (await bench.receive(body, {})).status == 401


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 400, "WEBHOOK_RAW_BODY_REQUIRED"),
        (b"x" * 1001, {}, 413, "WEBHOOK_TOO_LARGE"),
        (b"{}", {}, 401, "WEBHOOK_SIGNATURE_INVALID"),
        (b"{}", {"x-signature": "ü"}, 401, "WEBHOOK_SIGNATURE_INVALID"),
        (b"not json", {"x-signature": sign(b"not json")}, 400, "WEBHOOK_MALFORMED"),
        (b"[]", {"x-signature": sign(b"[]")}, 400, "WEBHOOK_MALFORMED"),
    ],
)
async def test_an_unproven_or_malformed_delivery_is_rejected(bench, body, headers, status, code):
    receipt = await bench.receive(body, headers)
    assert (receipt.status, receipt.error.code) == (status, code)
    assert bench.events == []


async def test_without_a_secret_every_delivery_is_refused():
    async with Bench(PROVIDER, credentials={}) as bench:
        body = b'{"events": []}'
        receipt = await bench.receive(body, {"x-signature": sign(body, "")})
    assert (receipt.status, receipt.error.code) == (401, "WEBHOOK_SECRET_NOT_FOUND")


async def test_an_unknown_provider_or_connection_gets_the_same_answer(bench):
    unknown = await bench.plug.webhooks.receive("nobody", Inbound(b"{}"))
    other = await bench.receive(b"{}", connection_id="x", secret="y")
    assert unknown.status == other.status == 404


def test_a_handler_for_an_event_that_is_not_declared_is_refused_with_a_suggestion():
    bench = Bench(PROVIDER, credentials={})
    with pytest.raises(UnknownName, match="did you mean 'ping'"):
        bench.plug.webhooks.on("acme", "pnig", print)


def test_a_handler_must_be_callable(bench):
    with pytest.raises(TypeError):
        bench.plug.webhooks.on("acme", "ping", None)


async def test_a_delivery_with_too_many_events_is_refused_whole(bench):
    def pings(count):
        return json.dumps({"events": [{"kind": "ping"}] * count}).encode()

    receipt = await deliver(bench, body=pings(21))
    assert (receipt.status, receipt.error.code) == (413, "WEBHOOK_TOO_LARGE")
    assert bench.events == []
    assert (await deliver(bench, body=pings(20))).status == 200
    assert len(bench.events) == 20


async def test_other_work_has_its_turn_between_the_events_of_a_delivery(bench):
    """Also where neither the store nor a handler ever waits."""
    hub = WebhookHub(bench.plug.providers, MemoryStore(), bench.plug.connections)
    turns, done = 0, False

    async def other_work():
        nonlocal turns
        while not done:
            turns += 1
            await asyncio.sleep(0)

    work = asyncio.create_task(other_work())
    body = json.dumps({"events": [{"kind": "ping"}] * 20}).encode()
    receipt = await hub.receive("acme", Inbound(body, {"x-signature": sign(body)}))
    during, done = turns, True
    await work
    assert receipt.status == 200
    assert during >= 20


@pytest.mark.parametrize("other", [{"provider": "other"}, {"name": "pong"}, {"id": "2"}, {"connection_id": "b"}])
async def test_an_event_is_a_duplicate_only_where_all_of_its_names_are_the_same(bench, other):
    """Vendors' ids need to be unique only within an account: two connections may get the same one."""
    first = Event("acme", "ping", {}, id="1", connection_id="a")
    outcomes = [(await bench.plug.webhooks._handle(event))[0] for event in (first, replace(first, **other), first)]
    assert outcomes[0] is not Outcome.DUPLICATE
    assert outcomes[1] is not Outcome.DUPLICATE
    assert outcomes[2] is Outcome.DUPLICATE
