"""The limits of every call to a vendor: its host's circuit breaker, and the rate budgets of the connection."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from plugfn.cache.protocol import Shared
from plugfn.connection import Connection
from plugfn.definition import Action, Origin, Provider, RateLimit
from plugfn.errors import CircuitOpen, PlugFnError, RateLimited, Unavailable
from plugfn.resilience.breaker import Breaker
from plugfn.resilience.budget import Budget

log = logging.getLogger("plugfn")

# Where a provider declares no limit there is still a budget, for the vendor's own "wait" to pause.
UNDECLARED = RateLimit(calls=100_000, per_seconds=1)
LONGEST_PAUSE = 3600.0
OWN_BUDGET = "budget"
"""The code of RateLimited when it was our budget that said so and not the vendor."""


@dataclass(frozen=True)
class CallLimits:
    """The breaker and the budgets of one kind of call. The first budget is the one that a vendor's "wait" pauses."""

    breaker: Breaker
    budgets: Sequence[Budget]


class Limits:
    """Asked before a call, told how it went."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    @asynccontextmanager
    async def apply(self, limits: CallLimits, patience: float) -> AsyncIterator[None]:
        """The call goes inside. Waits at most `patience` seconds for the budgets. Raises CircuitOpen, RateLimited."""
        for budget in limits.budgets:
            patience -= await self._take(budget, patience)
        # After the budgets: who gives up waiting for one must not take a half open breaker's only probe along.
        await self._ask_breaker(limits.breaker)
        try:
            yield
        except Unavailable:
            await _noted(self._shared.fail(limits.breaker))
            raise
        except PlugFnError as error:
            if isinstance(error, RateLimited):
                await self.pause(limits, error.retry_after or 1.0)
            await _noted(self._shared.succeed(limits.breaker))
            raise
        await _noted(self._shared.succeed(limits.breaker))

    async def pause(self, limits: CallLimits, seconds: float) -> None:
        """The vendor said how long it wants to hear nothing from this connection."""
        await _noted(self._shared.pause(limits.budgets[0], min(seconds, LONGEST_PAUSE)))

    async def _ask_breaker(self, breaker: Breaker) -> None:
        if wait := await self._shared.enter(breaker):
            raise CircuitOpen("this server keeps failing and is left in peace for a while", retry_after=wait)

    async def _take(self, budget: Budget, patience: float) -> float:
        """Seconds that were waited."""
        waited = 0.0
        while wait := await self._shared.take(budget):
            if waited + wait > patience:
                raise RateLimited("the rate limit is used up", retry_after=wait, code=OWN_BUDGET)
            await asyncio.sleep(wait)
            waited += wait
        return waited


async def _noted(note: Awaitable[object]) -> None:
    """Write down what a call has shown. The call is over: what became of it stays, though nobody can be told."""
    try:
        await note
    except Unavailable as error:
        log.warning("not noted: %s", error)


def limits_of(
    provider: Provider, action: Action[Any, Any], connection: Connection, origin: Origin, params: BaseModel
) -> CallLimits:
    """Which breaker and which budgets a call has."""
    declared = provider.limits or (UNDECLARED,)
    budgets = [_budget(limit, f"{provider.name}:{number}", connection) for number, limit in enumerate(declared)]
    for number, limit in enumerate(action.limits):
        budgets.append(_budget(limit, f"{action.path}:{number}{_whom(limit, params)}", connection))
    return CallLimits(Breaker(_breaker_name(provider, connection, origin)), budgets)


def _whom(limit: RateLimit, params: BaseModel) -> str:
    """The parameter's value that a budget is for, as a digest: it may be somebody's number or address."""
    return f":{sha256(str(getattr(params, limit.by)).encode()).hexdigest()[:16]}" if limit.by else ""


def _budget(limit: RateLimit, name: str, connection: Connection) -> Budget:
    whose = connection.id if limit.per == "connection" else "all"
    return Budget(f"{name}:{whose}", limit.calls, limit.per_seconds)


def _breaker_name(provider: Provider, connection: Connection, origin: Origin) -> str:
    """A host that a user named has a breaker for that user's connection alone: nobody closes another's way."""
    parts = urlsplit(origin.url)
    host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    return f"{provider.name}:{host}" if origin.trusted else f"{provider.name}:{host}:{connection.id}"
