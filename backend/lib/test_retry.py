"""The policy of events lasts longer than a bank's maintenance. plugfn.resilience tests how policies work."""

import pytest

from lib.retry import POLICIES


@pytest.mark.parametrize("name", POLICIES)
def test_a_named_policy_lasts_longer_than_a_banks_maintenance(name):
    policy = POLICIES[name]
    assert sum(policy.base * policy.multiplier**n for n in range(3)) < policy.cap
    shortest = sum(min(policy.cap, policy.base * policy.multiplier**n) for n in range(policy.attempts - 1))
    assert shortest * (1 - policy.jitter) > 24 * 3600
