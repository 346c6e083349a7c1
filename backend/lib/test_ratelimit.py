"""A budget is never exceeded in any window, however many processes ask and whatever their clocks say."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.documents import BACKEND
from lib.errors import ErrorType, Temporary, Throttled
from lib.ratelimit import Budget


@pytest.fixture
def redis():
    with Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


def takes(budget, seconds, grants):
    """Ask without pause; note the monotonic time before and after each grant."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = time.monotonic()
        try:
            budget.take()
        except Throttled:
            continue
        grants.append((before, time.monotonic()))


def exceeds(grants, limit, window):
    """Whether limit + 1 grants certainly fell within one window: from before the first to after the last."""
    ordered = sorted(grants)
    groups = (ordered[n : n + limit + 1] for n in range(len(ordered) - limit))
    return any(max(after for _, after in group) - group[0][0] < window for group in groups)


def test_fifty_threads_never_exceed_the_budget_in_any_window(redis):
    budget = Budget(redis, "threads", limit=20, per_seconds=1)
    grants = []
    threads = [threading.Thread(target=takes, args=(budget, 3.2, grants)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not exceeds(grants, 20, 1)
    assert len(grants) > 20  # The budget comes back, however few turns a busy machine gives the threads.


ASKER = """
import sys, time
from redis import Redis
from lib.errors import Throttled
from lib.ratelimit import Budget
url, skew, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
real = time.time
time.time = lambda: real() + skew
budget = Budget(Redis.from_url(url), "processes", limit=15, per_seconds=1)
end = time.monotonic() + seconds
while time.monotonic() < end:
    before = time.monotonic()
    try:
        budget.take()
    except Throttled:
        continue
    print(before, time.monotonic())
"""


def test_processes_whose_clocks_differ_by_minutes_never_exceed_the_budget(redis, tmp_path):
    script = tmp_path / "asker.py"
    script.write_text(ASKER)
    environment = {**os.environ, "PYTHONPATH": str(BACKEND)}
    askers = [
        subprocess.Popen(
            [sys.executable, str(script), os.environ["REDIS_URL"], skew, "2.5"],
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        for skew in ("-120", "0", "90")
    ]
    lines = [line for asker in askers for line in asker.communicate(timeout=30)[0].splitlines()]
    grants = [tuple(map(float, line.split())) for line in lines]
    assert all(asker.returncode == 0 for asker in askers)
    assert not exceeds(grants, 15, 1)
    assert len(grants) >= 30


def test_a_caller_that_waits_as_long_as_the_error_says_is_served(redis):
    budget = Budget(redis, "waits", limit=3, per_seconds=1)
    for _ in range(3):
        budget.take()
    with pytest.raises(Throttled) as caught:
        budget.take()
    assert 0 < caught.value.retry_after <= 1.1
    assert caught.value.error_type is ErrorType.RATE_LIMIT_EXCEEDED
    time.sleep(caught.value.retry_after)
    budget.take()


def test_waiting_callers_get_different_times(redis):
    budget = Budget(redis, "spread", limit=1, per_seconds=60)
    budget.take()
    waits = []
    for _ in range(20):
        with pytest.raises(Throttled) as caught:
            budget.take()
        waits.append(caught.value.retry_after)
    assert len({round(wait, 2) for wait in waits}) > 10
    assert all(50 < wait < 64 for wait in waits)


def test_a_refused_call_costs_nothing(redis):
    budget = Budget(redis, "free", limit=2, per_seconds=1)
    budget.take()
    budget.take()
    first_stamp = redis.lrange(budget_key(redis), 0, -1)
    for _ in range(100):
        with pytest.raises(Throttled):
            budget.take()
    assert redis.lrange(budget_key(redis), 0, -1) == first_stamp


def budget_key(redis):
    (key,) = redis.keys("budget:*")
    return key


def test_two_names_are_two_budgets(redis):
    Budget(redis, "one", limit=1, per_seconds=60).take()
    Budget(redis, "two", limit=1, per_seconds=60).take()


def test_a_pause_stops_all_callers(redis):
    mine, theirs = (Budget(redis, "paused", limit=100, per_seconds=1) for _ in range(2))
    mine.pause(60)
    with pytest.raises(Throttled) as caught:
        theirs.take()
    assert 50 < caught.value.retry_after < 70


def test_a_shorter_pause_does_not_end_a_longer_one(redis):
    budget = Budget(redis, "paused twice", limit=100, per_seconds=1)
    budget.pause(60)
    budget.pause(1)
    with pytest.raises(Throttled) as caught:
        budget.take()
    assert 50 < caught.value.retry_after < 70
    budget.pause(600)
    with pytest.raises(Throttled) as caught:
        budget.take()
    assert 500 < caught.value.retry_after < 700


def test_a_pause_ends(redis, wait_until):
    budget = Budget(redis, "paused shortly", limit=100, per_seconds=1)
    budget.pause(0.2)
    wait_until(lambda: tried(budget), what="the end of the pause")


def test_memory_does_not_grow_with_the_calls(redis):
    budget = Budget(redis, "small", limit=5, per_seconds=1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: tried(budget), range(200)))
    key = budget_key(redis)
    assert redis.llen(key) <= 5
    assert 0 < redis.ttl(key) <= 2


def tried(budget):
    try:
        budget.take()
    except Throttled:
        return False
    return True


def test_timestamps_are_in_order_and_stored_exactly(redis):
    budget = Budget(redis, "order", limit=50, per_seconds=60)
    for _ in range(50):
        budget.take()
    stamps = [int(stamp) for stamp in redis.lrange(budget_key(redis), 0, -1)]
    assert all(newer >= older for newer, older in pairwise(stamps))
    assert abs(stamps[0] / 1_000_000 - time.time()) < 5


@pytest.mark.parametrize("ask", [Budget.take, lambda budget: budget.pause(1)])
def test_without_redis_no_call_is_allowed(ask):
    nowhere = Redis(port=9, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    with pytest.raises(Temporary) as caught:
        ask(Budget(nowhere, "down", limit=5, per_seconds=1))
    assert not isinstance(caught.value, Throttled)


@pytest.mark.parametrize(("limit", "per_seconds"), [(0, 1), (1, 0), (-1, 60)])
def test_an_empty_budget_is_refused(redis, limit, per_seconds):
    with pytest.raises(ValueError, match="at least one"):
        Budget(redis, "nothing", limit=limit, per_seconds=per_seconds)
