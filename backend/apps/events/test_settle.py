"""The retry policy of events, and what is kept of an error. plugfn.resilience tests how policies work."""

from apps.events.kinds import POLICY
from apps.events.settle import describe


def test_the_retries_last_longer_than_a_banks_maintenance():
    assert sum(POLICY.base * POLICY.multiplier**n for n in range(3)) < POLICY.cap
    shortest = sum(min(POLICY.cap, POLICY.base * POLICY.multiplier**n) for n in range(POLICY.attempts - 1))
    assert shortest * (1 - POLICY.jitter) > 24 * 3600


def test_the_name_of_an_unexpected_error_is_cut_to_its_column():
    error = type("E" * 100, (Exception,), {})()
    assert describe(error) == ("internal_error", "E" * 80)
