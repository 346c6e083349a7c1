"""What shared state must do. Adapters: memory (one process), Redis or Valkey (all processes)."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from plugfn.resilience.breaker import Breaker
from plugfn.resilience.budget import Budget


class Shared(Protocol):
    """Raises Unavailable (code "shared_state") when the server that keeps it cannot be asked."""

    async def get(self, key: str) -> bytes | None:
        """A cached value."""
        ...

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """Cache for `ttl` seconds. It may be forgotten sooner, when there is too much of it."""
        ...

    async def delete(self, key: str) -> None:
        """Forget."""
        ...

    def lock(self, name: str, *, ttl: float, wait: float) -> AbstractAsyncContextManager[None]:
        """One holder at a time, for at most `ttl` seconds. Raises Unavailable (code "locked") after `wait` seconds."""
        ...

    async def take(self, budget: Budget) -> float:
        """Take one call of a budget: 0.0 when granted, else the seconds until there may be one."""
        ...

    async def pause(self, budget: Budget, seconds: float) -> None:
        """Give no call of this budget to anybody for `seconds`: the vendor said so. Never ends a longer pause."""
        ...

    async def enter(self, breaker: Breaker) -> float:
        """Ask before a call: 0.0 to go on, else the seconds to leave that host in peace."""
        ...

    async def succeed(self, breaker: Breaker) -> None:
        """The call, which was let in by `enter`, was answered: close it."""
        ...

    async def fail(self, breaker: Breaker) -> bool:
        """The call failed. True when it is open by that."""
        ...

    async def close(self) -> None:
        """Let go of the connections of the event loop that this runs in. Used again, it opens new ones."""
        ...
