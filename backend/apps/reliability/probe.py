"""Asking a server that may never answer: one thread asks, whoever wants to know waits for it, and only for a moment."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Probe(Generic[T]):
    """One question. However many ask at once, and however long the answer takes, one thread waits for the server.

    An answer, an error too, holds for `fresh` seconds: whoever may call /health may not make the database work.
    """

    def __init__(self, ask: Callable[[], T], *, fresh: float = 1.0) -> None:
        self._ask, self._fresh = ask, fresh
        self.forget()
        # A forked child has neither its parent's thread nor, perhaps, an open lock.
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Whatever was asked before counts no more."""
        self._lock = threading.Lock()
        self._future: Future[T] | None = None
        self._began = 0.0

    def begin(self) -> "Future[T]":
        """The answer that is under way or still fresh, else that of a new question. Returns at once."""
        with self._lock:
            if self._future is None or (self._future.done() and time.monotonic() - self._began > self._fresh):
                self._future, self._began = Future(), time.monotonic()
                # A daemon, not a pool's thread: one that hangs must not keep the process from ending.
                threading.Thread(target=self._run, args=(self._future,), name="probe", daemon=True).start()
            return self._future

    def _run(self, future: "Future[T]") -> None:
        try:
            future.set_result(self._ask())
        except Exception as error:  # noqa: BLE001 - whoever waits is told, and decides
            future.set_exception(error)


def answer_by(future: "Future[T]", deadline: float) -> T | None:
    """The answer, or None when there is none by `deadline` (monotonic seconds), or it is an error."""
    try:
        return future.result(max(0.0, deadline - time.monotonic()))
    except Exception:  # noqa: BLE001 - down is down; what raised it is in the server's own log
        return None
