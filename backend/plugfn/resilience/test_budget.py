"""Both implementations never exceed a budget in any window, and grant as many calls as it allows."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugfn.resilience.budget import TAKE, Budget, Window

BUDGETS = st.builds(Budget, name=st.just("a"), limit=st.integers(1, 6), per_seconds=st.integers(1, 4))
# Quarters of a second between requests: exact as floats, and often exactly a window in sum.
STEPS = st.lists(st.sampled_from([0, 0, 0, 1, 1, 2, 4, 7, 8, 15, 16]), max_size=60)


def model(budget, granted, now):
    """0 when the calls in the window that ends now leave room, else the wait until they do, by plain counting."""
    recent = [moment for moment in granted if moment > now - budget.per_seconds]
    return 0 if len(recent) < budget.limit else recent[-budget.limit] + budget.per_seconds - now


@given(budget=BUDGETS, steps=STEPS)
def test_memory_grants_exactly_what_the_window_allows(budget, steps):
    window, granted, now = Window(), [], 1000.0
    for step in steps:
        now += step / 4
        wait = window.take(budget, now)
        assert wait == model(budget, granted, now)
        if not wait:
            granted.append(now)
        assert len(window.stamps) <= budget.limit
    assert not exceeded(budget, granted)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(budget=BUDGETS, steps=STEPS)
def test_the_script_grants_exactly_what_the_window_allows(by_given_clock, new_key, budget, steps):
    take, keys, granted, now = by_given_clock(TAKE), [new_key(), new_key()], [], 1000.0
    for step in steps:
        now += step / 4
        wait = take(keys, budget.take_arguments, round(now * 1_000_000)) / 1_000_000
        assert wait == model(budget, granted, now)
        if not wait:
            granted.append(now)
    assert not exceeded(budget, granted)
    by_given_clock.client.delete(*keys)


def exceeded(budget, granted):
    """Whether any window holds more calls than the budget allows."""
    pairs = zip(granted, granted[budget.limit :], strict=False)
    return any(last - first < budget.per_seconds for first, last in pairs)


@given(budget=BUDGETS, gaps=st.lists(st.floats(0, 3), max_size=200))
def test_no_window_at_odd_times_is_exceeded(budget, gaps):
    window, granted, now = Window(), [], 0.1
    for gap in gaps:
        now += gap
        if not window.take(budget, now):
            granted.append(now)
    assert not any(
        last - budget.per_seconds < first for first, last in zip(granted, granted[budget.limit :], strict=False)
    )


@pytest.mark.parametrize(("limit", "per_seconds"), [(0, 1), (1, 0), (-1, 60)])
def test_a_budget_of_zero_is_refused(limit, per_seconds):
    with pytest.raises(ValueError, match="at least one"):
        Budget("nothing", limit=limit, per_seconds=per_seconds)
