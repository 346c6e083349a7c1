"""Retry policies: waits grow up to a cap, attempts end, and a requested wait is respected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.errors import ConfigurationError
from plugfn.resilience.retry import POLICIES, RetryPolicy, policy

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


def test_a_policy_gives_up_after_its_last_attempt():
    assert [STEADY.exhausted(attempts) for attempts in (0, 3, 4, 5)] == [False, False, True, True]
    assert [STEADY.wait(attempt) for attempt in (1, 3, 4, 5)] == [2, 18, None, None]


@given(name=st.sampled_from(sorted(POLICIES)), attempt=st.integers(1, 9), asked=st.none() | st.floats(0, 1e6))
def test_a_requested_wait_is_kept_up_to_the_cap(name, attempt, asked):
    chosen = policy(name)
    wait = chosen.wait(attempt, asked)
    if attempt >= chosen.attempts or (asked or 0) > chosen.cap:
        assert wait is None
    else:
        assert (asked or 0) <= wait <= chosen.cap * (1 + chosen.jitter)


def test_the_default_tries_three_times_and_none_once():
    default = policy("default")
    assert [round(default.base * default.multiplier**n) for n in range(default.attempts - 1)] == [1, 5]
    assert policy("none").wait(1) is None
    assert policy("patient").attempts > default.attempts


def test_an_unknown_policy_is_a_configuration_error_that_suggests_one():
    with pytest.raises(ConfigurationError, match="did you mean 'default'"):
        policy("defualt")


WRONG = [{"attempts": 0}, {"base": -1}, {"cap": -1}, {"multiplier": 0.5}, {"jitter": 1}, {"jitter": -0.1}]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_an_invalid_policy_is_refused(wrong):
    with pytest.raises(ConfigurationError):
        RetryPolicy(**({"attempts": 3, "base": 1, "cap": 9, "multiplier": 2, "jitter": 0} | wrong))
