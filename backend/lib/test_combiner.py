"""One thread works for all, and no item is lost, repeated or left over."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

from lib.combiner import Combiner


def test_every_item_of_many_threads_is_processed_once():
    done = []
    combiner = Combiner(done.extend)

    def hand_in(start: int) -> None:
        for number in range(start, start + 1000):
            combiner.put(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hand_in, range(0, 8000, 1000)))
    assert sorted(done) == list(range(8000))


def test_the_items_of_one_thread_stay_in_order():
    done = []
    combiner = Combiner(done.extend)
    for number in range(100):
        combiner.put(number)
    assert done == list(range(100))


def test_a_thread_that_adds_an_item_while_another_works_continues_at_once():
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


def test_an_error_in_one_item_does_not_stop_the_next_item():
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


def test_a_child_forked_while_another_thread_works_can_work():
    done = []
    combiner = Combiner(done.extend)
    combiner._busy.acquire()
    child = os.fork()
    if child == 0:
        combiner.put("in the child")
        os._exit(0 if done == ["in the child"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
