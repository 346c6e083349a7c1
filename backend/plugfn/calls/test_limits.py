"""The outcome of a call is recorded for its limits if possible; a failure to record it does not change the call."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from plugfn.cache.memory import MemoryShared
from plugfn.calls.limits import LONGEST_PAUSE, CallLimits, Limits, limits_of
from plugfn.calls.test_executor import Ask, Script, made
from plugfn.connection import Connection, ConnectionStatus
from plugfn.definition import Origin, RateLimit
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


class Told(MemoryShared):
    """Shared state that notes its pauses, and grants a budget after the waits that the test sets."""

    def __init__(self, **waits):
        super().__init__()
        self.pauses, self.waits = [], {name: list(each) for name, each in waits.items()}

    async def pause(self, budget, seconds):
        self.pauses.append((budget.name, seconds))

    async def take(self, budget):
        return self.waits[budget.name].pop(0) if self.waits.get(budget.name) else 0.0


BUDGETS = [Budget("first", 1, 60), Budget("second", 1, 60)]


@pytest.mark.parametrize(("retry_after", "paused"), [(7, 7), (None, 1.0), (LONGEST_PAUSE + 1, LONGEST_PAUSE)])
async def test_a_vendors_wait_pauses_the_first_budget_for_at_most_an_hour(retry_after, paused):
    shared = Told()
    with pytest.raises(RateLimited):
        async with Limits(shared).apply(CallLimits(THROUGH.breaker, BUDGETS), patience=0):
            raise RateLimited("too many", retry_after=retry_after)
    assert shared.pauses == [("first", paused)]


@pytest.mark.parametrize(
    ("waits", "granted"),
    [
        ({"first": [0.01], "second": [0.01]}, True),
        ({"first": [0.02, 0.02]}, False),
        ({"first": [0.02], "second": [0.02]}, False),
    ],
)
async def test_all_waits_of_a_call_count_against_its_patience(waits, granted):
    limits = Limits(Told(**waits)).apply(CallLimits(THROUGH.breaker, BUDGETS), patience=0.03)
    if granted:
        async with limits:
            return
    with pytest.raises(RateLimited):
        async with limits:
            pytest.fail("it waited longer than it may")


def limits_for(url, *, trusted, connection="c1", number=1):
    start = datetime(2026, 3, 1, tzinfo=UTC)
    by_value = RateLimit(1, 1, by="number")
    provider = made(Script(), limits=(RateLimit(2, 60), RateLimit(3, 60, per="provider")))
    action = replace(provider.actions["numbers.ask"], limits=(by_value,))
    owner = Connection(connection, "ana", "acme", ConnectionStatus.ACTIVE, start, start)
    return limits_of(provider, action, owner, Origin(url, trusted=trusted), Ask(number=number))


def test_users_share_a_breaker_only_for_a_host_that_they_did_not_name():
    def breaker(url, **named):
        return limits_for(url, **named).breaker.name

    trusted = [breaker("https://acme.example/a", trusted=True, connection=one) for one in ("c1", "c2")]
    named = [breaker("https://acme.example/a", trusted=False, connection=one) for one in ("c1", "c2")]
    assert trusted[0] == trusted[1]
    assert len({*trusted, *named, breaker("https://acme.example:8443", trusted=True)}) == 4
    assert breaker("https://acme.example/b", trusted=True) == trusted[0]


def test_a_budget_belongs_to_a_connection_a_provider_or_a_value():
    first, second = (limits_for("https://a.example", trusted=True, connection=one).budgets for one in ("c1", "c2"))
    other = limits_for("https://a.example", trusted=True, number=2).budgets
    assert [(budget.limit, budget.per_seconds) for budget in first] == [(2, 60), (3, 60), (1, 1)]
    assert [one.name == two.name for one, two in zip(first, second, strict=True)] == [False, True, False]
    assert [one.name == two.name for one, two in zip(first, other, strict=True)] == [True, True, False]
    assert len({budget.name for budget in first}) == 3
