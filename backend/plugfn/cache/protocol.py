"""What shared state must do. Adapters: memory (one process), Redis or Valkey (all processes)."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from plugfn.resilience.breaker import Breaker, CircuitState
from plugfn.resilience.budget import Budget, Usage


class Shared(Protocol):
    """Raises Unavailable (code "shared_state") when its server cannot be reached."""

    async def get(self, key: str) -> bytes | None:
        """A cached value."""
        ...

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Cache a value for `ttl` seconds. It may be dropped earlier to save space."""
        ...

    async def delete(self, key: str) -> None:
        """Remove a cached value."""
        ...

    def lock(self, name: str, *, ttl: float, wait: float) -> AbstractAsyncContextManager[None]:
        """A lock, held for at most `ttl` seconds. Raises Unavailable (code "locked") after waiting `wait` seconds."""
        ...

    async def take(self, budget: Budget) -> float:
        """Take one call from a budget: 0.0 when granted, else the seconds until the next one."""
        ...

    async def usage(self, budget: Budget) -> Usage:
        """How a budget stands. Takes no call."""
        ...

    async def pause(self, budget: Budget, seconds: float) -> None:
        """Grant no call of this budget for `seconds`, because the vendor asked for it. Never shortens a pause."""
        ...

    async def enter(self, breaker: Breaker) -> float:
        """Call before a request: 0.0 to go on, else the seconds for which requests are blocked."""
        ...

    async def succeed(self, breaker: Breaker) -> None:
        """The call that `enter` allowed was answered: close the breaker."""
        ...

    async def fail(self, breaker: Breaker) -> bool:
        """The call failed. True when that opened the breaker."""
        ...

    async def circuit(self, breaker: Breaker) -> CircuitState:
        """How a breaker stands. Is no probe."""
        ...

    async def close(self) -> None:
        """Close the connections of the running event loop. The next use opens new ones."""
        ...
