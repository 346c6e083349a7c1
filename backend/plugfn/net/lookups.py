"""Looks host names up in threads that all users share, of which one user gets only a few.

A silent name server blocks a thread for long, and a thread cannot be stopped. So names that do not resolve keep only
other lookups of their user waiting.
"""

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import Lock

AT_ONCE = 64
EACH = 4
"""How many of a user's names are looked up at once."""

Addresses = list[str]

_user: ContextVar[str] = ContextVar("plugfn_lookups_of", default="")


@contextmanager
def lookups_of(user_id: str) -> Iterator[None]:
    """Lookups in this block count as this user's. Outside of any block they count as those of one more user."""
    token = _user.set(user_id)
    try:
        yield
    finally:
        _user.reset(token)


class _Lookup(Future[Addresses]):
    def __init__(self, find: Callable[[], Addresses]) -> None:
        super().__init__()
        self._find = find

    def run(self) -> None:
        """Find the addresses, unless nobody waits for them any more."""
        if not self.set_running_or_notify_cancel():
            return
        try:
            self.set_result(self._find())
        except Exception as error:  # noqa: BLE001 - raised where the result is awaited
            self.set_exception(error)


class _Lookups:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="plugfn-lookup")
        self._lock = Lock()
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[_Lookup]] = {}

    def begin(self, user_id: str, find: Callable[[], Addresses]) -> Future[Addresses]:
        """Runs `find` in a thread, or when one of the user's other lookups has ended."""
        lookup = _Lookup(find)
        with self._lock:
            if self._running[user_id] < EACH:
                self._start(user_id, lookup)
            else:
                waiting = [other for other in self._waiting.get(user_id, ()) if not other.cancelled()]
                self._waiting[user_id] = deque([*waiting, lookup])
        return lookup

    def _start(self, user_id: str, lookup: _Lookup) -> None:
        self._running[user_id] += 1
        self._threads.submit(self._run, user_id, lookup)

    def _run(self, user_id: str, lookup: _Lookup) -> None:
        lookup.run()
        with self._lock:
            self._running[user_id] -= 1
            if waiting := self._waiting.get(user_id):
                self._start(user_id, waiting.popleft())
            elif not self._running[user_id]:
                self._running.pop(user_id)
                self._waiting.pop(user_id, None)


@cache
def _lookups(_process: int) -> _Lookups:
    """A fork gets threads of its own: it inherits none."""
    return _Lookups()


def begin_lookup(find: Callable[[], Addresses]) -> Future[Addresses]:
    """The future result of `find`, which runs in a thread on behalf of the user of `lookups_of`."""
    return _lookups(os.getpid()).begin(_user.get(), find)
