"""What shared state promises, in memory and in Redis alike: values, locks, budgets, breakers."""

import asyncio
import random
import time
from dataclasses import replace

import pytest

from plugfn.errors import Unavailable
from plugfn.resilience.breaker import Breaker, CircuitState
from plugfn.resilience.budget import Budget, Usage

# Values


async def test_a_value_is_there_until_it_is_deleted(shared):
    await shared.set("key", b"\x00\xffvalue", 60)
    await shared.set("other", b"", 60)
    assert await shared.get("key") == b"\x00\xffvalue"
    assert await shared.get("other") == b""
    await shared.delete("key")
    await shared.delete("never there")
    assert await shared.get("key") is None
    assert await shared.get("other") == b""


async def test_a_value_expires_and_setting_it_again_renews_it(shared):
    await shared.set("key", b"one", 0.1)
    await shared.set("again", b"one", 0.1)
    await shared.set("again", b"two", 60)
    await asyncio.sleep(0.12)
    assert await shared.get("key") is None
    assert await shared.get("again") == b"two"


# Locks


class Room:
    """Detects two holders at the same time."""

    def __init__(self):
        self.inside = self.most = self.visits = 0

    async def visit(self, shared, *, wait=20.0):
        async with shared.lock("room", ttl=20, wait=wait):
            self.inside += 1
            self.most = max(self.most, self.inside)
            await asyncio.sleep(random.uniform(0, 0.004))
            self.visits += 1
            self.inside -= 1


async def test_fifty_tasks_hold_a_lock_one_at_a_time_and_all_get_it(shared):
    room = Room()
    await asyncio.gather(*(room.visit(shared) for _ in range(50)))
    assert (room.most, room.visits) == (1, 50)


def test_tasks_of_several_event_loops_and_threads_take_turns_too(shared, in_other_loops):
    room = Room()

    async def work():
        await asyncio.gather(*(room.visit(shared) for _ in range(5)))

    in_other_loops(work, threads=4)
    assert (room.most, room.visits) == (1, 20)


async def test_waiting_too_long_raises_and_two_names_are_two_locks(shared):
    async with shared.lock("a", ttl=10, wait=0), shared.lock("b", ttl=10, wait=0):
        began = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            async with shared.lock("a", ttl=10, wait=0.1):
                pytest.fail("two hold one lock")
        assert caught.value.code == "locked"
        assert 0.1 <= time.monotonic() - began < 5
    async with shared.lock("a", ttl=10, wait=0):
        pass


async def test_a_holder_that_fails_or_is_cancelled_releases_the_lock(shared):
    async def hold():
        async with shared.lock("a", ttl=10, wait=0):
            await asyncio.sleep(10)

    with pytest.raises(RuntimeError, match="inside"):
        async with shared.lock("a", ttl=10, wait=0):
            raise RuntimeError("inside")
    holder = asyncio.create_task(hold())
    await asyncio.sleep(0.05)
    holder.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holder
    async with shared.lock("a", ttl=10, wait=0):
        pass


async def test_a_lock_expires_and_a_late_holder_does_not_release_the_next_one(shared):
    late = shared.lock("a", ttl=0.05, wait=0)
    await late.__aenter__()
    async with shared.lock("a", ttl=10, wait=1):
        await late.__aexit__(None, None, None)
        with pytest.raises(Unavailable):
            async with shared.lock("a", ttl=10, wait=0):
                pytest.fail("the late holder opened another's lock")


async def test_a_caller_that_stops_waiting_holds_no_lock(shared):
    async with shared.lock("a", ttl=10, wait=0):
        waiting = [asyncio.create_task(shared.lock("a", ttl=10, wait=10).__aenter__()) for _ in range(10)]
        await asyncio.sleep(0.05)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    async with shared.lock("a", ttl=10, wait=0.5):
        pass


# Budgets


async def takes(shared, budget, seconds, grants):
    """Take calls for this long, and record the monotonic time before and after each grant."""
    end = time.monotonic() + seconds
    while (before := time.monotonic()) < end:
        if not await shared.take(budget):
            grants.append((before, time.monotonic()))
        await asyncio.sleep(0.001)


def exceeds(grants, limit, window):
    """Whether limit + 1 grants certainly fell into one window: from before the first to after the last."""
    ordered = sorted(grants)
    groups = (ordered[n : n + limit + 1] for n in range(len(ordered) - limit))
    return any(max(after for _, after in group) - group[0][0] < window for group in groups)


def test_tasks_of_several_loops_use_a_budget_exactly(shared, in_other_loops):
    budget, grants = Budget("many", 20, 1), []

    async def work():
        await asyncio.gather(*(takes(shared, budget, 2.1, grants) for _ in range(5)))

    in_other_loops(work, threads=3)
    assert not exceeds(grants, 20, 1)
    assert 40 <= len(grants) <= 60


async def test_a_caller_that_waits_as_long_as_asked_is_granted_a_call(shared):
    budget = Budget("waits", 2, 1)
    assert [await shared.take(budget), await shared.take(budget)] == [0.0, 0.0]
    wait = await shared.take(budget)
    assert 0 < wait <= 1.1
    await asyncio.sleep(wait)
    assert await shared.take(budget) == 0.0


async def test_waiting_callers_get_different_waits(shared):
    budget = Budget("spread", 1, 60)
    await shared.take(budget)
    waits = [await shared.take(budget) for _ in range(20)]
    assert len({round(wait, 2) for wait in waits}) > 10
    assert all(59 < wait < 64 for wait in waits)


async def test_budgets_differ_by_name_and_by_limits(shared):
    budgets = [Budget("a", 1, 60), Budget("b", 1, 60), Budget("a", 1, 30), Budget("a", 2, 60)]
    assert [await shared.take(budget) for budget in budgets] == [0.0] * 4
    assert await shared.take(budgets[0]) > 0


async def test_a_pause_stops_all_calls_and_is_not_shortened(shared):
    mine, theirs = Budget("paused", 100, 1), Budget("paused", 50, 1)
    await shared.pause(mine, 60)
    await shared.pause(mine, 0.01)
    assert 50 < await shared.take(theirs) < 70
    assert await shared.take(Budget("other", 1, 1)) == 0.0


async def test_a_pause_ends(shared):
    budget = Budget("paused shortly", 100, 1)
    await shared.pause(budget, 0.05)
    await asyncio.sleep(0.1)
    assert await shared.take(budget) == 0.0


async def test_a_longer_pause_lengthens_a_shorter_one(shared):
    budget = Budget("lengthened", 100, 1)
    await shared.pause(budget, 5)
    await shared.pause(budget, 60)
    assert 59 < await shared.take(budget) < 61


async def test_a_pause_of_zero_seconds_ends_at_once(shared):
    budget = Budget("zero", 1, 1)
    await shared.pause(budget, 0)
    await asyncio.sleep(0.005)
    assert await shared.take(budget) == 0.0


# Breakers

BREAKER = Breaker("host", failures=3, open_seconds=60, probe_seconds=60)


async def opened(shared, breaker=BREAKER):
    for _ in range(3):
        assert await shared.enter(breaker) == 0.0
        await shared.fail(breaker)


async def half_open(shared):
    """BREAKER's open time is over: the next call is its probe."""
    await opened(shared, replace(BREAKER, open_seconds=0.01))
    await asyncio.sleep(0.1)


async def test_a_breaker_opens_at_its_last_allowed_failure(shared):
    assert [await shared.fail(BREAKER) for _ in range(3)] == [False, False, True]
    assert 50 < await shared.enter(BREAKER) < 70
    assert await shared.enter(Breaker("other host", failures=3)) == 0.0


async def test_a_success_resets_the_count_of_failures(shared):
    await shared.fail(BREAKER)
    await shared.fail(BREAKER)
    assert await shared.enter(BREAKER) == 0.0
    await shared.succeed(BREAKER)
    assert [await shared.fail(BREAKER), await shared.fail(BREAKER)] == [False, False]
    assert await shared.enter(BREAKER) == 0.0


async def test_one_of_fifty_callers_probes_a_half_open_breaker(shared):
    await half_open(shared)
    waits = await asyncio.gather(*(shared.enter(BREAKER) for _ in range(50)))
    assert waits.count(0.0) == 1
    await shared.succeed(BREAKER)
    assert [await shared.enter(BREAKER) for _ in range(5)] == [0.0] * 5


async def test_a_failed_probe_opens_the_breaker_for_the_whole_time_again(shared):
    await half_open(shared)
    assert await shared.enter(BREAKER) == 0.0
    assert await shared.fail(BREAKER) is True
    assert 50 < await shared.enter(BREAKER) < 70


async def test_a_lost_probe_is_followed_by_another(shared):
    await half_open(shared)
    assert await shared.enter(replace(BREAKER, probe_seconds=0.05)) == 0.0
    await asyncio.sleep(0.1)
    assert await shared.enter(BREAKER) == 0.0
    assert await shared.enter(BREAKER) > 0


# Reading limits


async def test_reading_a_budget_takes_no_call_and_shows_calls_and_pause(shared):
    budget = Budget("read", 3, 60)
    assert await shared.usage(budget) == Usage(3, 60)
    await shared.take(budget), await shared.take(budget)
    for _ in range(5):
        usage = await shared.usage(budget)
    assert (usage.used, usage.remaining, usage.paused) == (2, 1, 0.0)
    await shared.pause(budget, 30)
    usage = await shared.usage(budget)
    assert 29 < usage.paused <= 30
    assert usage.remaining == 0


async def test_a_budget_that_is_read_has_only_the_calls_of_its_window(shared):
    budget = Budget("slides", 5, 1)
    await shared.take(budget)
    await asyncio.sleep(1.05)
    await shared.take(budget)
    assert (await shared.usage(budget)).used == 1


async def test_reading_a_breaker_is_no_probe_and_shows_failures_and_the_wait(shared):
    breaker = Breaker("read", failures=2, open_seconds=0.2, probe_seconds=60)
    assert await shared.circuit(breaker) == CircuitState()
    await shared.fail(breaker)
    assert await shared.circuit(breaker) == CircuitState(1, 0.0)
    await shared.fail(breaker)
    assert 0 < (await shared.circuit(breaker)).blocked <= 0.2
    await asyncio.sleep(0.25)
    assert await shared.circuit(breaker) == CircuitState(2, 0.0)
    assert await shared.enter(breaker) == 0.0
