"""One thread asks the server for all callers, and no caller waits long."""

import threading
import time

import pytest

from apps.reliability.probe import Probe, answer_by


def soon(seconds: float = 5) -> float:
    return time.monotonic() + seconds


def test_many_callers_of_a_hanging_server_cost_one_thread():
    asked, released = [], threading.Event()
    probe = Probe(lambda: asked.append(1) or released.wait(20))
    started = time.monotonic()
    futures = [probe.begin() for _ in range(100)]
    assert [answer_by(future, soon(0.2)) for future in futures[:1]] == [None]
    assert time.monotonic() - started < 2
    released.set()
    assert answer_by(futures[-1], soon()) is True
    assert len(asked) == 1


def test_an_answer_is_reused_until_it_is_old():
    asked = []
    probe = Probe(lambda: asked.append(1) or len(asked), fresh=0.3)
    assert answer_by(probe.begin(), soon()) == 1
    assert answer_by(probe.begin(), soon()) == 1
    time.sleep(0.35)
    assert answer_by(probe.begin(), soon()) == 2


def test_an_error_gives_no_answer_and_is_kept_no_longer_than_an_answer():
    answers = [ValueError("down"), None]

    def ask() -> str:
        if error := answers.pop(0):
            raise error
        return "up"

    probe = Probe(ask, fresh=0)
    assert answer_by(probe.begin(), soon()) is None
    time.sleep(0.01)
    assert answer_by(probe.begin(), soon()) == "up"


def test_a_late_answer_is_there_for_the_next_caller():
    released = threading.Event()
    probe = Probe(lambda: released.wait(20), fresh=60)
    assert answer_by(probe.begin(), soon(0.05)) is None
    released.set()
    assert answer_by(probe.begin(), soon()) is True


@pytest.mark.parametrize("deadline", [0.0, -5.0])
def test_a_past_deadline_returns_an_answer_that_is_there(deadline):
    probe = Probe(lambda: "there", fresh=60)
    answer_by(probe.begin(), soon())
    assert answer_by(probe.begin(), time.monotonic() + deadline) == "there"
