"""Shared state in the memory of one process, for single processes, tests and experiments."""

import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from plugfn.cache.expiring import Expiring
from plugfn.cache.waiting import acquired
from plugfn.resilience.breaker import Breaker, Circuit, CircuitState
from plugfn.resilience.budget import Budget, Usage, Window

MAX_BYTES = 64 * 1024 * 1024
# The approximate cost of an entry besides its value.
ENTRY_BYTES = 256


class MemoryShared:
    """Implements plugfn.cache.protocol.Shared. It may be used from any number of threads and event loops.

    Cached values take at most `max_bytes`: beyond that the oldest are dropped. Locks, budgets and breakers stay until
    they expire. `clock` returns seconds and never goes back.
    """

    def __init__(self, *, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Held for a few dictionary operations and never across an await. Re-entrant, because garbage collection may
        # finalize a lock's holder during such an operation, which then releases the lock.
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
        """Cache a value for `ttl` seconds."""
        with self._guard:
            now = self._clock()
            self._values.put(key, value, now + ttl, now)

    async def delete(self, key: str) -> None:
        """Remove a cached value."""
        with self._guard:
            self._values.drop(key)

    def lock(self, name: str, *, ttl: float, wait: float) -> AbstractAsyncContextManager[None]:
        """A lock, held for at most `ttl` seconds. Raises Unavailable (code "locked") after waiting `wait` seconds."""
        return self._hold(name, ttl, wait)

    @asynccontextmanager
    async def _hold(self, name: str, ttl: float, wait: float) -> AsyncIterator[None]:
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
            # When it has expired, another holder may have the lock, which must not be released here.
            if self._locks.get(name, self._clock()) is owner:
                self._locks.drop(name)

    async def take(self, budget: Budget) -> float:
        """Take one call from a budget: 0.0 when granted, else the seconds until the next one."""
        with self._guard:
            now = self._clock()
            until = self._pauses.get(budget.name, now)
            wait = self._take_from_window(budget, now) if until is None else until - now
        return budget.later(wait) if wait else 0.0

    def _take_from_window(self, budget: Budget, now: float) -> float:
        window = self._windows.get(budget, now) or Window()
        wait = window.take(budget, now)
        if not wait:
            self._windows.put(budget, window, now + budget.per_seconds, now)
        return wait

    async def usage(self, budget: Budget) -> Usage:
        """How a budget stands. Takes no call."""
        with self._guard:
            now = self._clock()
            window, until = self._windows.get(budget, now), self._pauses.get(budget.name, now)
            used = window.count(budget, now) if window else 0
        return Usage(budget.limit, budget.per_seconds, used, until - now if until else 0.0)

    async def pause(self, budget: Budget, seconds: float) -> None:
        """Grant no call of this budget for `seconds`, because the vendor asked for it."""
        with self._guard:
            now = self._clock()
            until = max(now + seconds, self._pauses.get(budget.name, now) or 0.0)
            self._pauses.put(budget.name, until, until, now)

    async def enter(self, breaker: Breaker) -> float:
        """Call before a request: 0.0 to go on, else the seconds for which requests are blocked."""
        with self._guard:
            now = self._clock()
            circuit = self._circuits.get(breaker.name, now)
            wait = circuit.enter(breaker, now) if circuit else 0.0
        return breaker.later(wait) if wait else 0.0

    async def succeed(self, breaker: Breaker) -> None:
        """The call was answered: close the breaker."""
        with self._guard:
            self._circuits.drop(breaker.name)

    async def fail(self, breaker: Breaker) -> bool:
        """The call failed. True when that opened the breaker."""
        with self._guard:
            now = self._clock()
            circuit = self._circuits.get(breaker.name, now) or Circuit()
            self._circuits.put(breaker.name, circuit, now + breaker.memory_seconds, now)
            return circuit.fail(breaker, now)

    async def circuit(self, breaker: Breaker) -> CircuitState:
        """How a breaker stands. Is no probe."""
        with self._guard:
            now = self._clock()
            circuit = self._circuits.get(breaker.name, now) or Circuit()
            return CircuitState(circuit.failures, max(0.0, circuit.until - now))

    async def close(self) -> None:
        """Does nothing: other users of this state may still need it."""
