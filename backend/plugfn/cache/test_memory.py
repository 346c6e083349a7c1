"""Shared state in memory keeps entries only as long as they matter, and within its bounds."""

import asyncio
import gc
import sys
import threading

import pytest

from plugfn.cache.expiring import SWEEP_AT, Expiring
from plugfn.cache.memory import ENTRY_BYTES, MemoryShared
from plugfn.resilience.breaker import Breaker
from plugfn.resilience.budget import Budget


class Clock:
    """Seconds, set by the test."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shared(clock):
    return MemoryShared(clock=clock)


def kept(shared):
    parts = (shared._values, shared._locks, shared._windows, shared._pauses, shared._circuits)
    return max(len(part) for part in parts)


async def test_expired_entries_do_not_fill_the_memory(shared, clock):
    for number in range(20 * SWEEP_AT):
        clock.now += 1
        name = f"{number}"
        await shared.set(name, b"value", 5)
        await shared.take(Budget(name, 5, 1))
        await shared.pause(Budget(name, 5, 1), 2)
        await shared.fail(Breaker(name, open_seconds=1))
        await shared.lock(name, ttl=1, wait=0).__aenter__()
    assert kept(shared) <= 2 * SWEEP_AT


async def test_the_oldest_values_are_dropped_beyond_the_capacity(clock):
    shared = MemoryShared(max_bytes=10 * (1000 + ENTRY_BYTES), clock=clock)
    for number in range(100):
        await shared.set(f"{number}", bytes(1000), 3600)
    assert [number for number in range(100) if await shared.get(f"{number}")] == list(range(90, 100))
    await shared.delete("95")
    await shared.set("new", bytes(1000), 3600)
    await shared.set("too large for any", bytes(20_000), 3600)
    assert await shared.get("too large for any") is None
    assert await shared.get("90")
    assert await shared.get("new")


async def test_locks_budgets_and_breakers_are_never_dropped(clock):
    shared = MemoryShared(max_bytes=0, clock=clock)
    held = [shared.lock(f"{number}", ttl=60, wait=0) for number in range(3000)]
    for number, lock in enumerate(held):
        await lock.__aenter__()
        await shared.take(Budget(f"{number}", 1, 60))
        await shared.fail(Breaker(f"{number}", failures=1))
    assert all([await shared.take(Budget(f"{number}", 1, 60)) for number in range(3000)])
    assert all([await shared.enter(Breaker(f"{number}", failures=1)) for number in range(3000)])
    for lock in held:
        await lock.__aexit__(None, None, None)


async def test_failures_that_are_far_apart_are_forgotten(shared, clock):
    breaker = Breaker("host", failures=2)
    await shared.fail(breaker)
    clock.now += breaker.memory_seconds
    assert await shared.fail(breaker) is False


def test_a_garbage_collected_holder_releases_its_lock():
    shared = MemoryShared()

    async def hold():
        async with shared.lock("a", ttl=60, wait=0):
            await asyncio.sleep(0)

    hold().send(None)
    gc.collect()

    async def again():
        async with shared.lock("a", ttl=60, wait=0):
            return True

    assert asyncio.run(again())


@pytest.fixture
def hasty_threads():
    """Switch threads every microsecond, not every five milliseconds."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_simultaneous_threads_never_both_get_the_only_call():
    shared, granted = MemoryShared(), []
    budgets = [Budget(f"{number}", 1, 3600) for number in range(1000)]
    together = threading.Barrier(4)

    async def work():
        together.wait()
        granted.append([await shared.take(budget) for budget in budgets].count(0.0))

    threads = [threading.Thread(target=lambda: asyncio.run(work())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == len(budgets)


def test_an_item_put_twice_counts_once():
    items = Expiring[str, bytes](capacity=10, weigh=len)
    for _ in range(10):
        items.put("a", b"12345", ends=10, now=0)
    items.put("b", b"12345", ends=10, now=0)
    assert (items.get("a", 5), items.get("b", 5), len(items)) == (b"12345", b"12345", 2)
    items.drop("a")
    items.put("c", b"12345", ends=10, now=0)
    assert (items.get("b", 5), items.get("c", 5), items.get("c", 10)) == (b"12345", b"12345", None)
