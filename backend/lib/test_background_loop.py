"""Code of ordinary threads runs coroutines in one loop."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib import background_loop


async def _where() -> tuple[asyncio.AbstractEventLoop, int]:
    return asyncio.get_running_loop(), threading.get_ident()


def test_all_threads_share_one_loop_in_a_thread_of_its_own():
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: background_loop.run(_where()), range(32)))
    ((_, thread),) = found
    assert thread != threading.get_ident()


def test_an_error_is_raised_where_it_is_waited_for():
    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        background_loop.run(fail())


def test_a_forked_process_has_a_loop_of_its_own():
    loop, _ = background_loop.run(_where())
    if not (child := os.fork()):
        # In the loop of its parent it would wait for ever, because no thread runs that loop here.
        os._exit(0 if background_loop.run(_where())[0] is not loop else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
