"""Asking a server that may never answer: one thread asks, and the callers wait for it only for a moment."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Probe(Generic[T]):
    """One question to a server. However many callers ask, and however long it takes, one thread waits for the server.

    An answer or an error counts for `fresh` seconds, so frequent requests to /health do not burden the database.
    """

    def __init__(self, ask: Callable[[], T], *, fresh: float = 1.0) -> None:
        self._ask, self._fresh = ask, fresh
        self.forget()
        # A forked child does not have the thread of its parent, and the lock may be taken.
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Drop the last answer, and a question under way."""
        self._lock = threading.Lock()
        self._future: Future[T] | None = None
        self._began = 0.0

    def begin(self) -> "Future[T]":
        """The future of an answer that is under way or fresh, or else of a new question. Returns at once."""
        with self._lock:
            if self._future is None or (self._future.done() and time.monotonic() - self._began > self._fresh):
                self._future, self._began = Future(), time.monotonic()
                # A daemon thread and no pool, because a hanging thread must not keep the process from ending.
                threading.Thread(target=self._run, args=(self._future,), name="probe", daemon=True).start()
            return self._future

    def _run(self, future: "Future[T]") -> None:
        try:
            future.set_result(self._ask())
        except Exception as error:  # noqa: BLE001 - the callers get the error
            future.set_exception(error)


def answer_by(future: "Future[T]", deadline: float) -> T | None:
    """The answer; None if there is none by `deadline` (monotonic seconds), or if it is an error."""
    try:
        return future.result(max(0.0, deadline - time.monotonic()))
    except Exception:  # noqa: BLE001 - any error means "down"; the server's own log says why
        return None
