"""The doorbell: tells the workers, at most once in 20 ms a process, that something waits. It says nothing else.

A bell that is lost loses nothing: the sweep rings again. At most one unanswered bell lies in the broker at a time, so
that a day without workers does not fill it.
"""

import logging
import os
import threading
import time

import redis
from celery import current_app
from django.core.cache import cache
from kombu.exceptions import KombuError, OperationalError

logger = logging.getLogger(__name__)

# What a broker that cannot be reached may raise.
BROKER_ERRORS = (redis.RedisError, KombuError, OperationalError, OSError)

# Seconds.
GATHER = 0.02
UNANSWERED_PAUSE = 0.1
UNANSWERED_FOR = 15
_UNANSWERED = "bell"


class Bell:
    """Rings in a thread of its own: a broker that hangs delays nobody who rings."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._broken = False

    def ring_soon(self) -> None:
        """Have the bell rung once, soon, however often this is called. Never fails, never waits."""
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="event-bell", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            # While a bell lies unanswered, what was stored before it is looked at needs no other.
            time.sleep(GATHER if self._try() else UNANSWERED_PAUSE)

    def _try(self) -> bool:
        try:
            rung = ring_now()
        except BROKER_ERRORS as error:
            if not self._broken:
                logger.warning("The broker cannot be reached (%s): the sweep will ring.", type(error).__name__)
            self._broken = True
            return False
        if self._broken:
            logger.warning("The broker is back.")
        self._broken = False
        return rung


def ring_now() -> bool:
    """Ring unless a bell lies unanswered already. Raises what the broker raises."""
    if not cache.add(_UNANSWERED, 1, timeout=UNANSWERED_FOR):
        return False
    current_app.send_task("events.ring", queue="quick", expires=UNANSWERED_FOR, retry=False)
    return True


def answered() -> None:
    """Somebody comes: whoever rings from now on rings anew. Call it before looking for what waits."""
    try:
        cache.delete(_UNANSWERED)
    except redis.RedisError:
        logger.debug("The bell's mark will expire by itself.")


_bell = Bell()


def ring_soon() -> None:
    """Have the workers told, soon, that something waits."""
    _bell.ring_soon()


def _start_afresh() -> None:
    global _bell  # noqa: PLW0603 - a forked child does not have its parent's thread
    _bell = Bell()


os.register_at_fork(after_in_child=_start_afresh)
