"""One works for all, and nothing is lost, doubled or left lying."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

from lib.combiner import Combiner


def test_everything_handed_in_by_many_threads_is_worked_off_once():
    done = []
    combiner = Combiner(done.extend)

    def hand_in(start: int) -> None:
        for number in range(start, start + 1000):
            combiner.put(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hand_in, range(0, 8000, 1000)))
    assert sorted(done) == list(range(8000))


def test_the_order_within_one_thread_is_kept():
    done = []
    combiner = Combiner(done.extend)
    for number in range(100):
        combiner.put(number)
    assert done == list(range(100))


def test_who_hands_in_while_another_is_at_it_goes_on_at_once_and_the_other_does_it():
    inside, leave = threading.Event(), threading.Event()
    done = []

    def work(items: list[str]) -> None:
        done.append((threading.current_thread().name, items))
        inside.set()
        leave.wait(5)

    combiner = Combiner(work)
    first = threading.Thread(target=combiner.put, args=("a",), name="first")
    first.start()
    inside.wait(5)
    combiner.put("b")
    assert done == [("first", ["a"])]
    leave.set()
    first.join()
    assert done == [("first", ["a"]), ("first", ["b"])]


def test_work_that_fails_does_not_keep_the_next_from_being_done():
    done = []

    def work(items: list[str]) -> None:
        if "bad" in items:
            raise ValueError
        done.extend(items)

    combiner = Combiner(work)
    for item in ("bad", "good"):
        try:
            combiner.put(item)
        except ValueError:
            done.append("raised")
    assert done == ["raised", "good"]


def test_a_child_forked_while_somebody_was_at_it_can_work():
    done = []
    combiner = Combiner(done.extend)
    combiner._busy.acquire()
    child = os.fork()
    if child == 0:
        combiner.put("in the child")
        os._exit(0 if done == ["in the child"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
