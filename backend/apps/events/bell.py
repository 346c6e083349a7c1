"""The bell: a message to the workers that some mailbox has due events, at most one in 20 ms per process.

A lost bell loses no event, because the sweep rings again. At most one unanswered bell is in the broker at a time, so a
day without workers does not fill it.
"""

import heapq
import logging
import os
import threading
import time

import redis
from celery import current_app
from kombu.exceptions import KombuError, OperationalError

from lib.engine_cache import cache

logger = logging.getLogger(__name__)

# The errors of a broker that cannot be reached.
BROKER_ERRORS = (redis.RedisError, KombuError, OperationalError, OSError)

# Seconds.
GATHER = 0.02
UNANSWERED_PAUSE = 0.1
UNANSWERED_FOR = 15
# For later times than this the sweep is soon enough.
LATEST = 30
# The database's clock decides what is due, and may be a little behind.
BEHIND = 0.05
_UNANSWERED = "bell"


class Bell:
    """Rings in a separate thread, so a broker that hangs does not delay the caller."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        # When to ring again, a heap of times.
        self._later: list[float] = []
        self._planning = threading.Lock()
        self._broken = False

    def ring_soon(self) -> None:
        """Ring once, soon, however often this is called. Never raises, never waits."""
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def ring_in(self, seconds: float) -> None:
        """Ring now, and after `seconds` (up to LATEST) if this process still runs. Never raises, never waits."""
        if seconds <= LATEST:
            with self._planning:
                heapq.heappush(self._later, time.monotonic() + max(0.0, seconds) + BEHIND)
        # Also wakes the thread, so that it waits no longer than that.
        self.ring_soon()

    def _rest(self) -> float | None:
        """Seconds until the next planned ring; None if none is planned."""
        with self._planning:
            return max(0.0, self._later[0] - time.monotonic()) if self._later else None

    def _is_time(self) -> bool:
        """Whether the time of a planned ring has come. Forgets those whose time has."""
        with self._planning:
            planned = len(self._later)
            while self._later and self._later[0] <= time.monotonic():
                heapq.heappop(self._later)
            return len(self._later) < planned

    def forget(self) -> None:
        """Drop what is planned."""
        with self._planning:
            self._later.clear()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="event-bell", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            asked = self._wanted.wait(self._rest())
            self._wanted.clear()
            if self._is_time() or asked:
                # The worker that answers the bell in the broker will see every event stored before it looks.
                time.sleep(GATHER if self._try() else UNANSWERED_PAUSE)

    def _try(self) -> bool:
        try:
            rung = ring_now()
        except BROKER_ERRORS as error:
            if not self._broken:
                logger.warning(
                    "The broker cannot be reached (%s). Events wait in PostgreSQL until it is back; check REDIS_URL.",
                    type(error).__name__,
                )
            self._broken = True
            return False
        if self._broken:
            logger.warning("The broker is back.")
        self._broken = False
        return rung


def ring_now() -> bool:
    """Ring, unless an unanswered bell is in the broker. Returns whether it rang. Raises BROKER_ERRORS."""
    if not cache.add(_UNANSWERED, 1, timeout=UNANSWERED_FOR):
        return False
    current_app.send_task("events.ring", queue="quick", expires=UNANSWERED_FOR)
    return True


def answered() -> None:
    """A worker answers the bell: the next ring sends a new one. Call this before the search for due mailboxes."""
    try:
        cache.delete(_UNANSWERED)
    except redis.RedisError:
        logger.debug("Redis did not delete the key of the unanswered bell; the key expires by itself.")


_bell = Bell()


def ring_soon() -> None:
    """Tell the workers, soon, that some mailbox has due events."""
    _bell.ring_soon()


def ring_in(seconds: float) -> None:
    """Tell the workers also after `seconds`, when an event is due again."""
    _bell.ring_in(seconds)


def forget() -> None:
    """Drop the rings that are planned; the sweep rings instead."""
    _bell.forget()


def _replace_after_fork() -> None:
    global _bell  # noqa: PLW0603 - a forked child does not have the thread of its parent
    _bell = Bell()


os.register_at_fork(after_in_child=_replace_after_fork)
