"""The threads in which tools work with the database: a fixed number, with a bounded queue and a time limit."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import close_old_connections

from apps.agents.failures import BUSY, TOO_SLOW, Failure

Value = TypeVar("Value")

# Each thread has a connection of its own to the database.
THREADS = 4
# Calls that run or wait. One more is refused.
MOST = 64
SECONDS = 30


class Refused(Exception):
    """The pool is full, or the call took too long. A call that began goes on in its thread until its own end."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


class Pool:
    """Runs functions in threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="agents")
        self._at_work = 0

    async def run(self, work: Callable[[], Value]) -> Value:
        """What `work` returns or raises. Raises Refused."""
        if self._at_work >= MOST:
            raise Refused(BUSY)
        self._at_work += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, _with_connections, work)
        # A call whose caller has given up still holds a thread.
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(future), SECONDS)
        except TimeoutError:
            raise Refused(TOO_SLOW) from None

    def _done(self, future: "asyncio.Future[Any]") -> None:
        self._at_work -= 1
        if not future.cancelled():
            # Else asyncio would report the error of a call that nobody waits for.
            future.exception()


def _with_connections(work: Callable[[], Value]) -> Value:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


POOL = Pool()
