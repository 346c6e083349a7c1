"""A limit that is counted in the process: what it lets through in any time, and how much it remembers."""

from hypothesis import given
from hypothesis import strategies as st

from lib.process_limit import MINUTE, ProcessLimit


@given(
    limit=st.integers(1, 50),
    gaps=st.lists(st.one_of(st.just(0.0), st.floats(0, 5), st.floats(0, 200)), min_size=1, max_size=300),
)
def test_no_time_sees_more_than_the_allowance_and_its_share_of_the_minutes(limit, gaps):
    counted, now, allowed = ProcessLimit(), 0.0, []
    for gap in gaps:
        now += gap
        wait = counted.wait("key", limit, now)
        if wait == 0:
            allowed.append(now)
        else:
            assert 0 < wait <= MINUTE / limit + 1e-6
    for first, start in enumerate(allowed):
        for last in range(first, len(allowed)):
            seconds = allowed[last] - start
            assert last - first + 1 <= limit + seconds * limit / MINUTE + 1


@given(limit=st.integers(1, 2000), rate=st.floats(0.1, 1.0))
def test_a_sender_within_the_limit_never_waits(limit, rate):
    counted = ProcessLimit()
    gap = MINUTE / (limit * rate)
    assert not any(counted.wait("key", limit, number * gap) for number in range(300))


def test_a_burst_gets_its_allowance_and_one_who_waits_as_told_gets_in():
    counted = ProcessLimit()
    assert [counted.wait("a", 3, 10.0) > 0 for _ in range(4)] == [False, False, False, True]
    wait = counted.wait("a", 3, 10.0)
    assert counted.wait("a", 3, 10.0 + wait) == 0.0
    assert counted.wait("b", 3, 10.0) == 0.0


def test_zero_is_no_limit_and_counts_nothing():
    counted = ProcessLimit()
    assert not any(counted.wait("a", 0, 1.0) for _ in range(100))
    assert len(counted) == 0


def test_it_forgets_the_key_that_was_used_longest_ago():
    counted = ProcessLimit(keys=3)
    for key in "abc":
        counted.wait(key, 1, 0.0)
    assert counted.wait("a", 1, 60.0) == 0.0
    counted.wait("d", 1, 60.0)
    assert len(counted) == 3
    assert counted.wait("a", 1, 60.0) > 0
    assert counted.wait("b", 1, 60.0) == 0.0
