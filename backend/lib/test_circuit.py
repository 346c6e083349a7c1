"""A breaker opens after several failures in a row, allows one probe, and is shared by all workers."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from lib.circuit import Breaker
from lib.errors import ErrorType, Temporary, Throttled


@pytest.fixture
def redis():
    with Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


@pytest.fixture
def breaker(redis):
    return Breaker(redis, "bank", failures=3, open_seconds=60, probe_seconds=60)


def opened(breaker):
    for _ in range(3):
        breaker.enter()
        breaker.fail()
    return breaker


def half_open(redis, breaker):
    """The breaker of the same name, whose open time is over: the next call is its probe."""
    opened(Breaker(redis, breaker.name, failures=3, open_seconds=0.01))
    time.sleep(0.1)
    return breaker


def is_open(breaker):
    try:
        breaker.enter()
    except Throttled:
        return True
    return False


def test_it_opens_at_the_last_allowed_failure_and_not_before(breaker):
    assert [breaker.fail() for _ in range(3)] == [False, False, True]
    assert is_open(breaker)


def test_a_success_between_two_failures_resets_the_count(breaker):
    breaker.fail()
    breaker.fail()
    assert breaker.enter() is True  # there is something to forget
    breaker.succeed()
    assert breaker.enter() is False
    breaker.fail()
    breaker.fail()
    assert not is_open(breaker)


def test_an_open_breaker_says_how_long_to_wait_and_costs_no_attempt(breaker):
    with pytest.raises(Throttled) as caught:
        opened(breaker).enter()
    assert 50 < caught.value.retry_after < 70
    assert caught.value.error_type is ErrorType.CONNECTION_FAILURE


def test_all_workers_share_the_breaker(redis, breaker):
    opened(breaker)
    assert is_open(Breaker(redis, "bank", failures=3, open_seconds=60))
    assert not is_open(Breaker(redis, "another bank", failures=3, open_seconds=60))


def test_only_one_of_fifty_callers_probes_a_half_open_breaker(redis, breaker):
    half_open(redis, breaker)
    with ThreadPoolExecutor(50) as pool:
        refused = list(pool.map(lambda _: is_open(breaker), range(50)))
    assert refused.count(False) == 1


def test_a_successful_probe_closes_it(redis, breaker):
    half_open(redis, breaker)
    assert breaker.enter() is True
    breaker.succeed()
    assert not any(is_open(breaker) for _ in range(5))


def test_a_failed_probe_opens_it_for_the_whole_time_again(redis, breaker):
    half_open(redis, breaker)
    breaker.enter()
    assert breaker.fail() is True
    with pytest.raises(Throttled) as caught:
        breaker.enter()
    assert 50 < caught.value.retry_after < 70


def test_a_probe_keeps_others_out_until_it_counts_as_lost(redis, breaker, wait_until):
    half_open(redis, breaker).enter()
    assert is_open(breaker)
    brief = Breaker(redis, "another bank", failures=3, open_seconds=60, probe_seconds=0.05)
    half_open(redis, brief).enter()
    wait_until(lambda: not is_open(brief), what="the next probe")


def test_old_failures_are_forgotten(redis, breaker):
    breaker.fail()
    assert 0 < redis.pttl("circuit:bank") <= 660_000


@pytest.mark.parametrize("ask", [Breaker.enter, Breaker.succeed, Breaker.fail])
def test_without_redis_no_call_is_allowed(ask):
    nowhere = Redis(port=9, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    with pytest.raises(Temporary) as caught:
        ask(Breaker(nowhere, "down"))
    assert not isinstance(caught.value, Throttled)
