"""Runs the store's queries in threads of its own, because PlugFn waits for them in an event loop.

Each thread has a database connection, so a process opens at most THREADS of them. The caller's transaction is another
connection's: what the store writes is committed when its method returns.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import local
from time import monotonic
from typing import TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from apps.integrations.store.scope import rows
from plugfn.errors import Unavailable

T = TypeVar("T")
THREADS = 4
# Seconds for which a connection that worked is taken to work.
TRIED_EVERY = 5.0
# When the connection of the thread was tried.
_checked = local()


class _Threads:
    """The threads of this process. A fork inherits none, so it makes its own."""

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._executor = None

    @property
    def executor(self) -> ThreadPoolExecutor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="plugfn-store")
        return self._executor


_threads = _Threads()


async def query(work: Callable[[], T]) -> T:
    """The result of `work`, which sees the rows of the scope. Raises Unavailable without a database.

    It runs to its end, also when its caller is cancelled.
    """
    context = copy_context()
    running = asyncio.get_running_loop().run_in_executor(_threads.executor, context.run, _for_the_scope, work)
    return await asyncio.shield(running)


def _for_the_scope(work: Callable[[], T]) -> T:
    _check_connection()
    try:
        with rows():
            return work()
    except (OperationalError, InterfaceError) as error:
        raise Unavailable("the database cannot be reached", code="store") from error


def _check_connection() -> None:
    """Have the thread's connection tried before it is used, unless it worked a moment ago."""
    now = monotonic()
    if connection.errors_occurred or now - getattr(_checked, "at", float("-inf")) > TRIED_EVERY:
        close_old_connections()
        _checked.at = now
