"""Retry policies: how often something that failed is tried again, and how long it waits between."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from plugfn.errors import ConfigurationError, suggestion


@dataclass(frozen=True)
class RetryPolicy:
    """`base`, `cap` in seconds; the n-th wait is base × multiplierⁿ⁻¹, capped, spread by ± jitter (a fraction)."""

    attempts: int
    base: float
    cap: float
    multiplier: float
    jitter: float

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.base < 0 or self.cap < 0 or self.multiplier < 1 or not 0 <= self.jitter < 1:
            raise ConfigurationError("a retry policy makes one attempt or more, and its waits do not shrink")

    def delay(self, attempt: int) -> float:
        """Seconds to wait after failed attempt number `attempt` (from 1)."""
        plain = min(self.cap, self.base * self.multiplier ** min(attempt - 1, 64))
        return plain * random.uniform(1 - self.jitter, 1 + self.jitter)

    def exhausted(self, attempts: int) -> bool:
        """Whether what failed `attempts` times is given up."""
        return attempts >= self.attempts

    def wait(self, attempt: int, asked: float | None = None) -> float | None:
        """Seconds until the next attempt, no sooner than the other side `asked` (Retry-After). None: give up.

        Also None when more is asked than `cap`. To come back sooner would only be refused again, and to wait so long
        is for the caller to decide, who has the error and its retry_after.
        """
        if self.exhausted(attempt) or (asked or 0) > self.cap:
            return None
        return max(asked or 0.0, self.delay(attempt))


POLICIES: Mapping[str, RetryPolicy] = {
    "default": RetryPolicy(attempts=3, base=1, cap=30, multiplier=5, jitter=0.2),
    "none": RetryPolicy(attempts=1, base=0, cap=0, multiplier=1, jitter=0),
    # About 20 minutes in all: for work that nobody watches, such as the steps of workflows.
    "patient": RetryPolicy(attempts=7, base=5, cap=600, multiplier=3, jitter=0.2),
}


def policy(name: str) -> RetryPolicy:
    """The policy of that name. Raises ConfigurationError, because providers and programs name it, not calls."""
    found = POLICIES.get(name)
    if found is None:
        raise ConfigurationError(f"no retry policy is called {name!r}: {suggestion(name, list(POLICIES))}")
    return found
