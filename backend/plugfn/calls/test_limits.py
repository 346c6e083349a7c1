"""The outcome of a call is recorded for its limits if possible; a failure to record it does not change the call."""

import asyncio

import pytest

from plugfn.cache.memory import MemoryShared
from plugfn.calls.limits import CallLimits, Limits
from plugfn.errors import CircuitOpen, NotFound, RateLimited, Unavailable
from plugfn.resilience.breaker import Breaker
from plugfn.resilience.budget import Budget


class Forgetful(MemoryShared):
    """Shared state that answers before a call, and is down after it."""

    async def gone(self, *_):
        raise Unavailable("the shared state cannot be asked", code="shared_state")

    succeed = fail = pause = gone


THROUGH = CallLimits(Breaker("host", failures=1, open_seconds=0.05), [Budget("a", 2, 60)])


async def call_with(limits, error=None):
    async with limits.apply(THROUGH, patience=0):
        if error:
            raise error


async def test_a_success_stays_a_success_when_it_cannot_be_recorded():
    await call_with(Limits(Forgetful()))


@pytest.mark.parametrize(
    "error",
    [Unavailable("no answer", maybe_done=True), RateLimited("too many", retry_after=5), NotFound("no such thing")],
    ids=lambda error: type(error).__name__,
)
async def test_a_failure_keeps_its_own_error_when_it_cannot_be_recorded(error):
    with pytest.raises(type(error)) as caught:
        await call_with(Limits(Forgetful()), error)
    assert caught.value is error


async def test_without_shared_state_calls_are_refused():
    class Gone(MemoryShared):
        take = enter = Forgetful.gone

    with pytest.raises(Unavailable, match="shared state"):
        await call_with(Limits(Gone()))


async def test_a_call_refused_by_its_budget_does_not_use_up_the_probe():
    shared = MemoryShared()
    limits, used_up = Limits(shared), CallLimits(THROUGH.breaker, [Budget("b", 1, 60)])
    await shared.take(used_up.budgets[0])
    with pytest.raises(Unavailable):
        await call_with(limits, Unavailable("no answer"))
    with pytest.raises(CircuitOpen):
        await call_with(limits)
    await asyncio.sleep(0.06)
    with pytest.raises(RateLimited):
        async with limits.apply(used_up, patience=0):
            pytest.fail("let in beyond its budget")
    assert await shared.enter(THROUGH.breaker) == 0.0


async def test_a_rate_limited_probe_closes_the_breaker():
    shared = MemoryShared()
    limits = Limits(shared)
    with pytest.raises(Unavailable):
        await call_with(limits, Unavailable("no answer"))
    await asyncio.sleep(0.06)
    with pytest.raises(RateLimited):
        await call_with(limits, RateLimited("too many", retry_after=0.01))
    assert await shared.enter(THROUGH.breaker) == 0.0
