"""The limits of every call to a vendor: the circuit breaker of its host, and the rate budgets of the connection."""

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

# A provider that declares no limit still has a budget, so that it can be paused when the vendor says "wait".
UNDECLARED = RateLimit(calls=100_000, per_seconds=1)
LONGEST_PAUSE = 3600.0
OWN_BUDGET = "budget"
"""The code of RateLimited when our own budget raised it and not the vendor."""


@dataclass(frozen=True)
class CallLimits:
    """The breaker and the budgets of one kind of call. A vendor's "wait" pauses the first budget."""

    breaker: Breaker
    budgets: Sequence[Budget]


class Limits:
    """Applies limits to a call, and records how the call went."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    @asynccontextmanager
    async def apply(self, limits: CallLimits, patience: float) -> AsyncIterator[None]:
        """Make the call inside. Waits at most `patience` seconds for the budgets. Raises CircuitOpen, RateLimited."""
        for budget in limits.budgets:
            patience -= await self._take(budget, patience)
        # After the budgets: a caller that gives up waiting for one must not use up a half-open breaker's only probe.
        await self._ask_breaker(limits.breaker)
        try:
            yield
        except Unavailable:
            await _record(self._shared.fail(limits.breaker))
            raise
        except PlugFnError as error:
            if isinstance(error, RateLimited):
                await self.pause(limits, error.retry_after or 1.0)
            await _record(self._shared.succeed(limits.breaker))
            raise
        await _record(self._shared.succeed(limits.breaker))

    async def pause(self, limits: CallLimits, seconds: float) -> None:
        """Send nothing for this connection for as long as the vendor said."""
        await _record(self._shared.pause(limits.budgets[0], min(seconds, LONGEST_PAUSE)))

    async def _ask_breaker(self, breaker: Breaker) -> None:
        if wait := await self._shared.enter(breaker):
            raise CircuitOpen("this server keeps failing: calls to it are blocked for a while", retry_after=wait)

    async def _take(self, budget: Budget, patience: float) -> float:
        """Take a call from the budget. Returns the seconds that it waited."""
        waited = 0.0
        while wait := await self._shared.take(budget):
            if waited + wait > patience:
                raise RateLimited("the rate limit is used up", retry_after=wait, code=OWN_BUDGET)
            await asyncio.sleep(wait)
            waited += wait
        return waited


async def _record(note: Awaitable[object]) -> None:
    """Record how a call went. The call is over, so a failure here is only logged."""
    try:
        await note
    except Unavailable as error:
        log.warning("the outcome of a call was not recorded for its limits: %s", error)


def limits_of(
    provider: Provider, action: Action[Any, Any], connection: Connection, origin: Origin, params: BaseModel
) -> CallLimits:
    """The breaker and the budgets of a call."""
    every = limits_of_all(provider, connection, origin)
    budgets = list(every.budgets)
    for number, limit in enumerate(action.limits):
        budgets.append(_budget(limit, f"{action.path}:{number}{_value_digest(limit, params)}", connection))
    return CallLimits(every.breaker, budgets)


def limits_of_all(provider: Provider, connection: Connection, origin: Origin) -> CallLimits:
    """The breaker and the budgets that all calls of a connection share."""
    declared = provider.limits or (UNDECLARED,)
    budgets = [_budget(limit, f"{provider.name}:{number}", connection) for number, limit in enumerate(declared)]
    return CallLimits(Breaker(_breaker_name(provider, connection, origin)), budgets)


def _value_digest(limit: RateLimit, params: BaseModel) -> str:
    """A digest of the parameter's value that has its own budget: the value may be a phone number or an address."""
    return f":{sha256(str(getattr(params, limit.by)).encode()).hexdigest()[:16]}" if limit.by else ""


def _budget(limit: RateLimit, name: str, connection: Connection) -> Budget:
    scope = connection.id if limit.per == "connection" else "all"
    return Budget(f"{name}:{scope}", limit.calls, limit.per_seconds)


def _breaker_name(provider: Provider, connection: Connection, origin: Origin) -> str:
    """A host that a user named gets a breaker per connection: one user cannot trip another user's breaker."""
    parts = urlsplit(origin.url)
    host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    return f"{provider.name}:{host}" if origin.trusted else f"{provider.name}:{host}:{connection.id}"
