"""Tests of batches."""

import asyncio

import pytest

from plugfn.batch import BatchCall
from plugfn.errors import InvalidCall, InvalidParams
from plugfn.test_executor import Answered, Script, made
from plugfn.testing.bench import Bench


async def test_each_call_has_its_own_result_in_the_order_of_the_calls():
    told = []
    async with Bench(made(Script()), credentials={}) as bench:
        calls = [BatchCall("acme.numbers.ask", "ana", {"number": number}) for number in (1, "x", 3)]
        results = await bench.plug.batch(calls, on_progress=told.append)
    assert [result.ok for result in results] == [True, False, True]
    assert isinstance(results[1].error, InvalidParams)
    assert results[2].result.number == 3
    assert [(one.done, one.total) for one in told] == [(1, 3), (2, 3), (3, 3)]
    assert told[-1].failed == 1


async def test_no_more_than_so_many_run_at_once():
    running, most = 0, 0

    async def step(_call, params):
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(0.005)
        running -= 1
        return Answered(number=params.number)

    async with Bench(made(Script(*[step] * 40)), credentials={}) as bench:
        calls = [BatchCall("acme.numbers.ask", "ana") for _ in range(40)]
        results = await bench.plug.batch(calls, concurrency=4)
    assert most == 4
    assert all(result.ok for result in results)


async def test_a_batch_that_is_too_big_or_too_wide_is_refused_and_an_empty_one_is_empty():
    async with Bench(made(Script()), credentials={}) as bench:
        with pytest.raises(InvalidCall):
            await bench.plug.batch([BatchCall("acme.numbers.ask", "ana")] * 10_001)
        with pytest.raises(InvalidCall):
            await bench.plug.batch([], concurrency=101)
        assert await bench.plug.batch([]) == []
        assert await bench.logs() == []
