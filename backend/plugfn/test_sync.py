"""Tests of the synchronous API."""

import asyncio
import concurrent.futures
import copy
import gc
import multiprocessing
import os
import signal
import threading
import time
import warnings

import pytest

from plugfn.calls.batch import BatchCall
from plugfn.calls.test_executor import Answered, Script, made
from plugfn.crypto import new_key
from plugfn.errors import ConfigurationError, InvalidParams, Unavailable, UnknownName
from plugfn.plug import PlugFn
from plugfn.sync import SyncPlugFn


@pytest.fixture
def plug():
    inner = PlugFn(encryption_key=new_key())
    inner.providers.register(made(Script()))
    with SyncPlugFn(inner) as plain:
        plain.connections.create("ana", "acme", {})
        yield plain


def test_every_method_works_without_await(plug):
    assert plug.acme.numbers.ask(user_id="ana", params={"number": 4}) == Answered(number=4)
    assert plug.run("acme.numbers.ask", user_id="ana").number == 0
    assert [connection.provider for connection in plug.connections.list("ana")] == ["acme"]
    assert plug.batch([BatchCall("acme.numbers.ask", "ana")])[0].ok
    assert plug.metrics.of("acme.numbers.ask").attempts == 3


def test_errors_are_passed_on_unchanged(plug):
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


def test_a_call_from_its_own_loop_is_refused(plug):
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


def threads_of_plugfn() -> int:
    return sum(thread.name == "plugfn" for thread in threading.enumerate())


def an_inner(script: Script | None = None) -> PlugFn:
    inner = PlugFn(encryption_key=new_key())
    inner.providers.register(made(script or Script()))
    return inner


def test_a_refused_call_leaves_no_coroutine_unawaited(plug):
    async def handler() -> None:
        with pytest.raises(RuntimeError):
            plug.connections.list("ana")

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        plug._loop.wait_for(handler())
        gc.collect()
    # Other tests' objects are collected here too, with warnings of their own.
    assert [str(one.message) for one in warned if "never awaited" in str(one.message)] == []


def test_closing_ends_calls_that_other_threads_wait_for():
    begun, ended = threading.Event(), []

    async def forever(_call, _params):
        begun.set()
        await asyncio.sleep(60)

    plug = SyncPlugFn(an_inner(Script(forever)))
    plug.connections.create("ana", "acme", {})

    def work() -> None:
        try:
            plug.run("acme.numbers.ask", user_id="ana")
        except concurrent.futures.CancelledError as error:
            ended.append(type(error).__name__)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert begun.wait(5)
    plug.close()
    thread.join(timeout=5)
    assert ended == ["CancelledError"]


def test_it_can_be_closed_twice_and_used_again():
    plug = SyncPlugFn(an_inner())
    before = threads_of_plugfn()
    for _ in range(2):
        plug.connections.create("ana", "acme", {})
        plug.close()
        plug.close()
    assert threads_of_plugfn() == before


def test_a_garbage_collected_one_leaves_no_thread():
    before = threads_of_plugfn()
    plug = SyncPlugFn(an_inner())
    plug.connections.create("ana", "acme", {})
    assert threads_of_plugfn() == before + 1
    del plug
    gc.collect()
    for _ in range(100):
        if threads_of_plugfn() == before:
            return
        time.sleep(0.02)
    pytest.fail("its thread is still there")


def test_a_failed_open_or_close_leaves_no_thread(monkeypatch):
    before = threads_of_plugfn()
    inner = PlugFn(encryption_key=new_key(), integrations={"nobody": {}})
    with pytest.raises(ConfigurationError), SyncPlugFn(inner):
        pytest.fail("it was opened")

    async def broken() -> None:
        raise Unavailable("gone")

    inner = an_inner()
    monkeypatch.setattr(inner, "close", broken)
    plug = SyncPlugFn(inner)
    with pytest.raises(Unavailable):
        plug.close()
    assert threads_of_plugfn() == before


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_call_and_leaves_everything_usable(plug):
    begun, cancelled = threading.Event(), threading.Event()

    async def forever(_call, _params):
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    object.__setattr__(plug.plug.providers.get("acme").actions["numbers.ask"], "run", forever)

    def interrupt() -> None:
        assert begun.wait(5)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        plug.acme.numbers.ask(user_id="ana")
    assert cancelled.wait(5)
    assert len(plug.connections.list("ana")) == 1


def test_it_is_copied_like_any_object(plug):
    assert copy.copy(plug).plug is plug.plug
    assert repr(copy.copy(plug.acme)) == repr(plug.acme)
    assert repr(copy.copy(plug.plug.acme)) == repr(plug.plug.acme)


async def test_it_can_be_closed_in_an_event_loop_that_has_used_its_database(tmp_path):
    """That loop is blocked meanwhile, so closing must not wait for it."""
    inner = PlugFn(encryption_key=new_key(), database=f"sqlite:///{tmp_path}/x.db")
    await inner.open()
    plain = SyncPlugFn(inner)
    assert plain.connections.list("ana") == []
    begun = time.monotonic()
    plain.close()
    assert time.monotonic() - begun < 5
