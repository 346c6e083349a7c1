"""How the limits of a connection stand now, for people who look: reading them takes no call from a budget."""

from collections.abc import Sequence
from dataclasses import dataclass

from plugfn.cache.protocol import Shared
from plugfn.calls.limits import CallLimits
from plugfn.resilience.breaker import CircuitState
from plugfn.resilience.budget import Usage


@dataclass(frozen=True)
class LimitStates:
    """The breaker of the connection's host, and the budgets of its provider."""

    circuit: CircuitState
    budgets: Sequence[Usage]


async def read_limits(shared: Shared, limits: CallLimits) -> LimitStates:
    """The states. Raises Unavailable (code "shared_state")."""
    return LimitStates(await shared.circuit(limits.breaker), [await shared.usage(each) for each in limits.budgets])
