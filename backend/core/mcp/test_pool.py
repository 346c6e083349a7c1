"""The threads of tools: a fixed number, a bounded queue, a time limit."""

import asyncio
import threading

import pytest

from core.mcp import pool
from core.mcp.pool import Pool, Refused


async def test_more_than_the_pool_holds_is_refused_and_room_comes_back(monkeypatch):
    monkeypatch.setattr(pool, "MOST", 2)
    threads, go = Pool(), threading.Event()
    waiting = [asyncio.create_task(threads.run(go.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as refused:
        await threads.run(go.wait)
    assert refused.value.failure.code == "BUSY"
    go.set()
    assert await asyncio.gather(*waiting) == [True, True]
    assert await threads.run(lambda: 5) == 5


async def test_a_call_that_takes_too_long_is_given_up_and_still_holds_its_place(monkeypatch):
    monkeypatch.setattr(pool, "SECONDS", 0.05)
    monkeypatch.setattr(pool, "MOST", 1)
    threads, go = Pool(), threading.Event()
    with pytest.raises(Refused) as refused:
        await threads.run(go.wait)
    assert refused.value.failure.code == "TIMEOUT"
    with pytest.raises(Refused) as refused:
        await threads.run(lambda: 5)
    assert refused.value.failure.code == "BUSY"
    go.set()
    while threads._at_work:
        await asyncio.sleep(0.01)
    assert await threads.run(lambda: 5) == 5


async def test_an_error_of_the_work_is_raised():
    with pytest.raises(ZeroDivisionError):
        await Pool().run(lambda: 1 // 0)
