"""Which connection gives way, and when."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from core import waiting as rules
from core.waiting import PATIENCE, Waiting


def test_a_request_is_late_after_ten_seconds_for_head_and_body_together():
    waiting: Waiting[str] = Waiting()
    waiting.begin("slow", 100.0)
    waiting.begin("newer", 105.0)
    waiting.begin("slow", 109.0)  # more bytes arrived: the time still counts from the first
    assert waiting.late(100.0 + PATIENCE) == []
    assert waiting.late(100.1 + PATIENCE) == ["slow"]


def test_a_complete_request_is_never_late():
    waiting: Waiting[str] = Waiting()
    waiting.begin("a", 0.0)
    waiting.complete("a")
    assert waiting.late(1000.0) == []
    waiting.rest("a")
    assert waiting.late(1000.0) == []


def test_the_oldest_of_an_address_gives_way_to_its_newest_and_others_are_left_alone(monkeypatch):
    monkeypatch.setattr(rules, "ADDRESS_LIMIT", 2)
    waiting: Waiting[int] = Waiting()
    for number, address in enumerate(["theirs", "ours", "theirs", "theirs"]):
        waiting.begin(number, float(number))
        gave_way = waiting.belongs(number, address)
    assert gave_way == 0
    assert waiting.belongs(3, "theirs") is None  # counted once


def test_an_idle_connection_gives_way_before_an_unfinished_request():
    waiting: Waiting[str] = Waiting()
    assert waiting.oldest() is None
    waiting.begin("unfinished", 0.0)
    assert waiting.oldest() == "unfinished"
    waiting.rest("idle")
    assert waiting.oldest() == "idle"
    assert waiting.idle() == ["idle"]


ACTS = st.lists(
    st.tuples(st.sampled_from(["begin", "belongs", "complete", "rest"]), st.integers(0, 5), st.sampled_from("ab")),
    max_size=60,
)


@given(ACTS)
def test_whatever_happens_the_counts_are_those_of_the_unfinished_requests(acts):
    waiting: Waiting[int] = Waiting()
    for moment, (act, connection, address) in enumerate(acts):
        if act == "begin":
            waiting.begin(connection, float(moment))
        elif act == "belongs":
            waiting.belongs(connection, address)
        elif act == "complete":
            waiting.complete(connection)
        else:
            waiting.complete(connection)
            waiting.rest(connection)
    assert waiting._counts == Counter(waiting._addresses.values())
    assert set(waiting._addresses) <= set(waiting._since)
    assert not set(waiting._idle) & set(waiting._since)
    assert list(waiting._since.values()) == sorted(waiting._since.values())
