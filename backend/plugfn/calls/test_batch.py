"""Tests of batches."""

import asyncio
from dataclasses import replace

import pytest

from plugfn.calls.batch import BatchCall
from plugfn.calls.test_executor import Answered, Script, made
from plugfn.errors import ConfigurationError, InvalidCall, InvalidParams
from plugfn.testing.bench import Bench


async def test_each_call_has_its_own_result_in_the_order_of_the_calls():
    reports = []
    async with Bench(made(Script()), credentials={}) as bench:
        calls = [BatchCall("acme.numbers.ask", "ana", {"number": number}) for number in (1, "x", 3)]
        results = await bench.plug.batch(calls, on_progress=reports.append)
    assert [result.ok for result in results] == [True, False, True]
    assert isinstance(results[1].error, InvalidParams)
    assert results[2].result.number == 3
    assert [(one.done, one.total) for one in reports] == [(1, 3), (2, 3), (3, 3)]
    assert reports[-1].failed == 1


async def test_concurrency_bounds_how_many_calls_run_at_once():
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


async def test_a_failing_progress_callback_stops_no_call():
    def breaks(_progress):
        raise ValueError("a bug of the program")

    script = Script()
    async with Bench(made(script), credentials={}) as bench:
        calls = [BatchCall("acme.numbers.ask", "ana") for _ in range(5)]
        results = await bench.plug.batch(calls, concurrency=2, on_progress=breaks)
    assert [result.ok for result in results] == [True] * 5


async def test_a_configuration_error_ends_the_batch_after_the_running_calls():
    finished = []

    async def slow(_call, params):
        await asyncio.sleep(0.05)
        finished.append(params.number)
        return Answered(number=params.number)

    wrong = replace(made(Script()).actions["numbers.ask"], retry="no_such_policy")
    async with Bench(made(Script(*[slow] * 9)), credentials={}) as bench:
        calls = [BatchCall("acme.numbers.ask", "ana", {"number": 1}), BatchCall(wrong, "ana")]
        with pytest.raises(ConfigurationError):
            await bench.plug.batch([*calls, *[BatchCall("acme.numbers.ask", "ana", {"number": 2})] * 9], concurrency=2)
    assert finished == [1]


async def test_a_batch_that_is_cancelled_ends_its_calls():
    begun, ended = asyncio.Event(), []

    async def forever(_call, _params):
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async with Bench(made(Script(*[forever] * 3)), credentials={}) as bench:
        task = asyncio.create_task(bench.plug.batch([BatchCall("acme.numbers.ask", "ana")] * 3))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [row.outcome for row in await bench.logs()] == ["unknown"] * 3
    assert len(ended) == 3


async def test_a_call_of_a_batch_may_have_a_timeout():
    async def forever(_call, _params):
        await asyncio.sleep(60)

    async with Bench(made(Script(forever), safe=True), credentials={}) as bench:
        (result,) = await bench.plug.batch([BatchCall("acme.numbers.ask", "ana", timeout=0.05)])
    assert result.error.code == "timeout"
