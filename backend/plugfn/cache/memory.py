"""Shared state in the memory of one process: for one process, for tests, and for trying things out."""

import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from plugfn.cache.expiring import Expiring
from plugfn.cache.waiting import acquired
from plugfn.resilience.breaker import Breaker, Circuit
from plugfn.resilience.budget import Budget, Window

MAX_BYTES = 64 * 1024 * 1024
# What an entry costs besides its value, about.
ENTRY_BYTES = 256


class MemoryShared:
    """Implements plugfn.cache.protocol.Shared. Any number of threads and event loops may use it at once.

    Cached values take at most `max_bytes`: beyond that the oldest are forgotten. Locks, budgets and breakers are kept
    as long as they mean something, and no longer. `clock` gives seconds and never goes back.
    """

    def __init__(self, *, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Held for a few operations on dictionaries and never across an await, so nobody waits for it. Re-entrant,
        # because Python may collect a forgotten holder of a lock in the midst of them, who then releases it.
        self._guard = threading.RLock()
        self._values: Expiring[str, bytes] = Expiring(max_bytes, lambda value: len(value) + ENTRY_BYTES)
        self._locks: Expiring[str, object] = Expiring()
        self._windows: Expiring[Budget, Window] = Expiring()
        self._pauses: Expiring[str, float] = Expiring()
        self._circuits: Expiring[str, Circuit] = Expiring()

    async def get(self, key: str) -> bytes | None:
        """A cached value."""
        with self._guard:
            return self._values.get(key, self._clock())

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Cache for `ttl` seconds."""
        with self._guard:
            now = self._clock()
            self._values.put(key, value, now + ttl, now)

    async def delete(self, key: str) -> None:
        """Forget."""
        with self._guard:
            self._values.drop(key)

    def lock(self, name: str, *, ttl: float, wait: float) -> AbstractAsyncContextManager[None]:
        """One holder at a time, for at most `ttl` seconds. Raises Unavailable (code "locked") after `wait` seconds."""
        return self._held(name, ttl, wait)

    @asynccontextmanager
    async def _held(self, name: str, ttl: float, wait: float) -> AsyncIterator[None]:
        owner = object()

        async def attempt() -> bool:
            return self._acquire(name, owner, ttl)

        await acquired(attempt, wait)
        try:
            yield
        finally:
            self._release(name, owner)

    def _acquire(self, name: str, owner: object, ttl: float) -> bool:
        with self._guard:
            now = self._clock()
            if self._locks.get(name, now) is not None:
                return False
            self._locks.put(name, owner, now + ttl, now)
            return True

    def _release(self, name: str, owner: object) -> None:
        with self._guard:
            # After its time another may hold it, whose lock this is not to open.
            if self._locks.get(name, self._clock()) is owner:
                self._locks.drop(name)

    async def take(self, budget: Budget) -> float:
        """Take one call of a budget: 0.0 when granted, else the seconds until there may be one."""
        with self._guard:
            now = self._clock()
            until = self._pauses.get(budget.name, now)
            wait = self._taken(budget, now) if until is None else until - now
        return budget.later(wait) if wait else 0.0

    def _taken(self, budget: Budget, now: float) -> float:
        window = self._windows.get(budget, now) or Window()
        wait = window.take(budget, now)
        if not wait:
            self._windows.put(budget, window, now + budget.per_seconds, now)
        return wait

    async def pause(self, budget: Budget, seconds: float) -> None:
        """Give no call of this budget to anybody for `seconds`: the vendor said so."""
        with self._guard:
            now = self._clock()
            until = max(now + seconds, self._pauses.get(budget.name, now) or 0.0)
            self._pauses.put(budget.name, until, until, now)

    async def enter(self, breaker: Breaker) -> float:
        """Ask before a call: 0.0 to go on, else the seconds to leave that host in peace."""
        with self._guard:
            now = self._clock()
            circuit = self._circuits.get(breaker.name, now)
            wait = circuit.enter(breaker, now) if circuit else 0.0
        return breaker.later(wait) if wait else 0.0

    async def succeed(self, breaker: Breaker) -> None:
        """The call was answered: close it."""
        with self._guard:
            self._circuits.drop(breaker.name)

    async def fail(self, breaker: Breaker) -> bool:
        """The call failed. True when it is open by that."""
        with self._guard:
            now = self._clock()
            circuit = self._circuits.get(breaker.name, now) or Circuit()
            self._circuits.put(breaker.name, circuit, now + breaker.memory_seconds, now)
            return circuit.fail(breaker, now)

    async def close(self) -> None:
        """Nothing to let go of: what is kept stays for those who still use it."""
