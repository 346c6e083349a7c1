"""Idempotency keys when the store or the caller fails around the call."""

import asyncio
import json
from dataclasses import replace
from uuid import uuid4

import pytest

from plugfn.calls.idempotency import KIND, claim_of
from plugfn.calls.test_executor import Answered, Ask, Script, made
from plugfn.errors import IdempotencyConflict, InvalidParams, OutcomeUnknown, Unavailable
from plugfn.storage.memory import MemoryStore
from plugfn.testing.bench import Bench


class Failing(MemoryStore):
    """A store that fails when the outcome of a call is written."""

    failing = True

    async def put(self, kind, key, value, ttl):
        if self.failing and kind == KIND:
            raise Unavailable("the database cannot be reached", code="store")
        await super().put(kind, key, value, ttl)

    async def take(self, kind, key):
        if self.failing and kind == KIND:
            raise Unavailable("the database cannot be reached", code="store")
        return await super().take(kind, key)


async def test_a_call_that_was_done_succeeds_when_the_store_fails_afterwards():
    script = Script()
    async with Bench(made(script), credentials={}, database=Failing()) as bench:
        assert (await bench.call("numbers.ask", {"number": 5}, idempotency_key="k")).number == 5
        with pytest.raises(IdempotencyConflict) as caught:
            await bench.call("numbers.ask", {"number": 5}, idempotency_key="k")
    assert caught.value.code == "in_progress"
    assert len(script.calls) == 1


@pytest.mark.parametrize("error", [OutcomeUnknown("gone"), InvalidParams("wrong")], ids=lambda one: type(one).__name__)
async def test_the_calls_own_error_is_raised_when_the_store_fails_afterwards(error):
    async with Bench(made(Script(error)), credentials={}, database=Failing()) as bench:
        with pytest.raises(type(error)) as caught:
            await bench.call("numbers.ask", idempotency_key="k")
    assert caught.value is error


@pytest.mark.parametrize("failing", [True, False])
async def test_a_cancelled_call_is_cancelled_and_keeps_its_key(failing):
    begun = asyncio.Event()

    async def forever(_call, _params):
        begun.set()
        await asyncio.sleep(60)

    store = Failing()
    store.failing = failing
    script = Script(forever)
    async with Bench(made(script), credentials={}, database=store) as bench:
        task = asyncio.create_task(bench.call("numbers.ask", idempotency_key="k"))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(IdempotencyConflict if failing else OutcomeUnknown):
            await bench.call("numbers.ask", idempotency_key="k")
    assert len(script.calls) == 1


async def test_a_caller_cancelled_while_the_result_is_stored_loses_nothing():
    class Slow(MemoryStore):
        keeping = asyncio.Event()

        async def put(self, kind, key, value, ttl):
            if kind == KIND:
                self.keeping.set()
                await asyncio.sleep(0.05)
            await super().put(kind, key, value, ttl)

    store, script = Slow(), Script()
    async with Bench(made(script), credentials={}, database=store) as bench:
        task = asyncio.create_task(bench.call("numbers.ask", {"number": 5}, idempotency_key="k"))
        await store.keeping.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.1)
        assert (await bench.call("numbers.ask", {"number": 5}, idempotency_key="k")).number == 5
    assert len(script.calls) == 1


async def test_a_key_belongs_to_one_user_and_to_one_connection():
    script = Script()
    async with Bench(made(script), credentials={}) as bench:
        await bench.call("numbers.ask", {"number": 1}, idempotency_key="k")
        bruno = await bench.plug.connections.create("bruno", "acme", {})
        theirs = await bench.call(
            "numbers.ask", {"number": 2}, idempotency_key="k", user_id="bruno", connection_id=bruno.id
        )
        assert theirs.number == 2
        second = await bench.plug.connections.create("ana", "acme", {})
        with pytest.raises(IdempotencyConflict):
            await bench.call("numbers.ask", {"number": 1}, idempotency_key="k", connection_id=second.id)
    assert len(script.calls) == 2


async def test_the_error_about_a_key_has_the_first_calls_id():
    async with Bench(made(Script(Unavailable("gone", maybe_done=True))), credentials={}) as bench:
        for _ in range(2):
            with pytest.raises(OutcomeUnknown) as caught:
                await bench.call("numbers.ask", idempotency_key="k")
            (row,) = await bench.logs()
            assert caught.value.call_id == row.call_id


async def test_parameters_that_cannot_be_stored_are_refused_and_take_no_key():
    deep = json.loads("[" * 400 + "]" * 400)
    async with Bench(made(Script()), credentials={}) as bench:
        for odd in (deep, "\ud800"):
            with pytest.raises(InvalidParams):
                await bench.call("numbers.ask", {"anything": odd}, idempotency_key="k")
        await bench.call("numbers.ask", {"number": 1}, idempotency_key="k")


async def test_the_caller_gets_a_result_that_cannot_be_stored():
    async def odd(_call, _params):
        return Answered(number=5, anything="\ud800")

    script = Script(odd)
    async with Bench(made(script), credentials={}) as bench:
        assert (await bench.call("numbers.ask", {"number": 5}, idempotency_key="k")).number == 5
        with pytest.raises(OutcomeUnknown):
            await bench.call("numbers.ask", {"number": 5}, idempotency_key="k")
    assert len(script.calls) == 1


def test_a_key_means_another_call_for_another_user_action_or_connection():
    provider = made(Script())
    action = provider.actions["numbers.ask"]
    other = replace(action, name="numbers.tell")

    def claim(user_id="ana", action=action, number=1, key="k", connection="c1"):
        made_claim = claim_of(user_id, action, Ask(number=number), key, connection, uuid4().hex)
        return made_claim.place, made_claim.mark

    place, mark = claim()
    assert claim() == (place, mark)
    assert len({place, claim(user_id="bia")[0], claim(action=other)[0], claim(key="l")[0]}) == 4
    assert claim(number=2)[0] == claim(connection="c2")[0] == place
    assert len({mark, claim(number=2)[1], claim(connection="c2")[1]}) == 3


async def test_a_call_that_did_nothing_frees_its_key():
    script = Script(InvalidParams("wrong"))
    async with Bench(made(script), credentials={}) as bench:
        with pytest.raises(InvalidParams):
            await bench.call("numbers.ask", {"number": 5}, idempotency_key="k")
        assert (await bench.call("numbers.ask", {"number": 6}, idempotency_key="k")).number == 6
