"""Retry policies grow, are capped, and end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.retry import POLICIES, RetryPolicy

STEADY = RetryPolicy(attempts=4, base=2, cap=60, multiplier=3, jitter=0)


def test_each_wait_is_a_multiple_of_the_one_before_until_the_cap():
    assert [STEADY.delay(attempt) for attempt in (1, 2, 3, 4, 5)] == [2, 6, 18, 54, 60]


@given(attempt=st.integers(1, 10**9))
def test_no_wait_is_ever_longer_than_the_cap_and_its_jitter_or_negative(attempt):
    policy = RetryPolicy(attempts=9, base=5, cap=100, multiplier=4, jitter=0.2)
    assert 0 < policy.delay(attempt) <= 120


def test_jitter_spreads_the_waits():
    policy = RetryPolicy(attempts=9, base=100, cap=1000, multiplier=2, jitter=0.2)
    waits = {policy.delay(1) for _ in range(50)}
    assert len(waits) > 40
    assert all(80 <= wait <= 120 for wait in waits)


def test_a_row_is_dead_after_its_last_attempt_and_not_before():
    assert [STEADY.exhausted(attempts) for attempts in (0, 3, 4, 5)] == [False, False, True, True]


@pytest.mark.parametrize("name", POLICIES)
def test_a_named_policy_lasts_longer_than_a_banks_maintenance(name):
    policy = POLICIES[name]
    assert sum(policy.base * policy.multiplier**n for n in range(3)) < policy.cap
    shortest = sum(min(policy.cap, policy.base * policy.multiplier**n) for n in range(policy.attempts - 1))
    assert shortest * (1 - policy.jitter) > 24 * 3600
