"""Deliveries when a handler, the store or the process fails. What succeeded is not repeated."""

import asyncio
import json
import logging
from dataclasses import replace

import pytest

from plugfn.errors import InvalidParams, Unavailable
from plugfn.inbound import Inbound, Parsed, Webhooks
from plugfn.storage.memory import MemoryStore
from plugfn.testing.bench import Bench
from plugfn.webhooks.hub import KIND, Outcome
from plugfn.webhooks.test_hub import PROVIDER, SECRET, deliver, verify

PING = {"kind": "ping", "id": "1", "text": "a-secret-text"}


class Failing(MemoryStore):
    """A store that cannot write deliveries, before their handlers run or after."""

    before = after = False

    async def put_new(self, kind, key, value, ttl):
        if self.before and kind == KIND:
            raise Unavailable("the database cannot be reached", code="store")
        return await super().put_new(kind, key, value, ttl)

    async def put(self, kind, key, value, ttl):
        if self.after and kind == KIND:
            raise Unavailable("the database cannot be reached", code="store")
        await super().put(kind, key, value, ttl)


@pytest.fixture
async def bench():
    async with Bench(PROVIDER, credentials={}, settings={"webhook_secrets": [SECRET]}, database=Failing()) as made:
        yield made


async def test_without_the_store_the_sender_is_asked_to_retry(bench):
    bench.plug.store.before = True
    receipt = await deliver(bench, PING)
    assert (receipt.status, receipt.outcome) == (503, Outcome.FAILED)
    bench.plug.store.before = False
    assert (await deliver(bench, PING)).outcome is Outcome.HANDLED
    assert len(bench.events) == 1


async def test_a_handled_delivery_gets_200_even_if_its_outcome_is_not_stored(bench):
    bench.plug.store.after = True
    assert (await deliver(bench, PING)).status == 200
    assert len(bench.events) == 1


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "async"])
@pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError()], ids=lambda error: type(error).__name__)
async def test_a_handler_that_exits_ends_nothing_else(bench, error, plain):
    ran = []

    def ends(_event):
        raise error

    async def ends_async(_event):
        raise error

    bench.plug.webhooks.on("acme", "ping", ends if plain else ends_async)
    bench.plug.webhooks.on("acme", "ping", ran.append)
    assert (await deliver(bench, PING)).status == 500
    assert len(ran) == 1


async def test_a_cancelled_delivery_can_be_resumed_at_once(bench):
    ran, begun = [], asyncio.Event()

    async def first(_event):
        ran.append("first")

    async def second(_event):
        ran.append("second")
        if not begun.is_set():
            begun.set()
            await asyncio.sleep(60)

    bench.plug.webhooks.on("acme", "ping", first)
    bench.plug.webhooks.on("acme", "ping", second)
    task = asyncio.create_task(deliver(bench, PING))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await deliver(bench, PING)).outcome is Outcome.HANDLED
    assert ran == ["first", "second", "second"]


async def test_handler_names_do_not_depend_on_registration_order():
    store, ran, broken = MemoryStore(), [], [True]

    def fine(_event):
        ran.append("fine")

    def breaks(_event):
        ran.append("breaks")
        if broken:
            raise ValueError

    for order in ((fine, breaks), (breaks, fine)):
        async with Bench(PROVIDER, credentials={}, settings={"webhook_secrets": [SECRET]}, database=store) as bench:
            for handler in order:
                bench.plug.webhooks.on("acme", "ping", handler)
            await deliver(bench, PING)
        broken.clear()
    assert ran == ["fine", "breaks", "breaks"]


async def test_handlers_with_the_same_name_are_numbered(bench):
    ran = []
    for number in range(3):
        bench.plug.webhooks.on("acme", "ping", lambda _event, number=number: ran.append(number))
    await deliver(bench, PING)
    assert ran == [0, 1, 2]


async def test_of_several_events_only_the_one_that_failed_is_handled_again(bench):
    ran, broken = [], [True]

    def handle(event):
        ran.append(event.id)
        if broken and event.id == "2":
            raise ValueError

    bench.plug.webhooks.on("acme", "ping", handle)
    events = [{"kind": "ping", "id": str(number)} for number in (1, 2, 3)]
    assert (await deliver(bench, *events)).status == 500
    broken.clear()
    assert (await deliver(bench, *events)).status == 200
    assert ran == ["1", "2", "3", "2"]


async def test_an_id_of_any_length_is_stored_as_a_digest(bench):
    kept = []
    original = bench.plug.store.put_new

    async def put_new(kind, key, value, ttl):
        kept.append((kind, key))
        return await original(kind, key, value, ttl)

    bench.plug.store.put_new = put_new
    await deliver(bench, {"kind": "ping", "id": "5511999990000" * 20})
    ((_, key),) = [one for one in kept if one[0] == KIND]
    assert len(key) <= 64
    assert "5511" not in key


async def test_a_rejected_delivery_is_logged_on_one_line_with_its_provider_and_code(bench, caplog):
    await bench.plug.webhooks.receive("no\nsuch", Inbound(b"{}"))
    assert "a webhook delivery was rejected: provider 'no\\nsuch', code WEBHOOK_NOT_FOUND" in caplog.text


async def test_a_handlers_error_message_is_not_logged(bench, caplog):
    def breaks(event):
        raise ValueError(event.payload["text"])

    bench.plug.webhooks.on("acme", "ping", breaks)
    with caplog.at_level(logging.DEBUG):
        await deliver(bench, PING)
    assert "a-secret-text" not in caplog.text
    assert "ValueError" in caplog.text
    assert "test_hub_failures.py" in caplog.text


@pytest.mark.parametrize("error", [OverflowError("too big"), InvalidParams("odd")], ids=lambda one: type(one).__name__)
async def test_a_parsers_exceptions_mean_malformed(error):
    def parse(_inbound, _keys) -> Parsed:
        raise error

    provider = replace(PROVIDER, webhooks=Webhooks(verify, parse))
    async with Bench(provider, credentials={}, settings={"webhook_secrets": [SECRET]}) as bench:
        receipt = await deliver(bench, body=json.dumps({}).encode())
    assert (receipt.status, receipt.error.code) == (400, "WEBHOOK_MALFORMED")
