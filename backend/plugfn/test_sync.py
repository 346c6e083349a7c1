"""Tests of the synchronous face."""

import multiprocessing
import threading

import pytest

from plugfn.batch import BatchCall
from plugfn.crypto import new_key
from plugfn.errors import InvalidParams, UnknownName
from plugfn.plug import PlugFn
from plugfn.sync import SyncPlugFn
from plugfn.test_executor import Answered, Script, made


@pytest.fixture
def plug():
    inner = PlugFn(encryption_key=new_key())
    inner.providers.register(made(Script()))
    with SyncPlugFn(inner) as plain:
        plain.connections.create("ana", "acme", {})
        yield plain


def test_everything_is_there_without_await(plug):
    assert plug.acme.numbers.ask(user_id="ana", params={"number": 4}) == Answered(number=4)
    assert plug.run("acme.numbers.ask", user_id="ana").number == 0
    assert [connection.provider for connection in plug.connections.list("ana")] == ["acme"]
    assert plug.batch([BatchCall("acme.numbers.ask", "ana")])[0].ok
    assert plug.metrics.of("acme.numbers.ask").attempts == 3


def test_errors_come_through_as_they_are(plug):
    with pytest.raises(InvalidParams):
        plug.acme.numbers.ask(user_id="ana", params={"number": "x"})
    with pytest.raises(UnknownName):
        plug.acme.numbers.aks  # noqa: B018


async def test_it_may_be_called_from_a_thread_that_runs_a_loop(plug):
    assert plug.acme.numbers.ask(user_id="ana", params={"number": 4}).number == 4


def test_many_threads_share_it(plug):
    results = []

    def work() -> None:
        results.append(plug.acme.numbers.ask(user_id="ana", params={"number": 1}).number)

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1] * 20


def test_its_own_loop_is_not_made_to_wait_for_itself(plug):
    async def handler() -> None:
        with pytest.raises(RuntimeError, match="own event loop"):
            plug.connections.list("ana")

    plug._loop.wait_for(handler())


def _in_child(plug: SyncPlugFn, answers: multiprocessing.SimpleQueue) -> None:
    answers.put(plug.acme.numbers.ask(user_id="ana", params={"number": 9}).number)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_gets_a_thread_of_its_own(plug):
    plug.connections.list("ana")
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=_in_child, args=(plug, answers))
    child.start()
    child.join(timeout=20)
    assert child.exitcode == 0
    assert answers.get() == 9
