"""Retry policies: how often a failed call is retried, and how long it waits in between."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from plugfn.errors import ConfigurationError, suggestion


@dataclass(frozen=True)
class RetryPolicy:
    """`base` and `cap` are seconds. The n-th wait is base × multiplierⁿ⁻¹, at most `cap`, ± `jitter` (a fraction)."""

    attempts: int
    base: float
    cap: float
    multiplier: float
    jitter: float

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.base < 0 or self.cap < 0 or self.multiplier < 1 or not 0 <= self.jitter < 1:
            raise ConfigurationError("a retry policy must make at least one attempt, and its waits must not shrink")

    def delay(self, attempt: int) -> float:
        """Seconds to wait after failed attempt number `attempt` (from 1)."""
        plain = min(self.cap, self.base * self.multiplier ** min(attempt - 1, 64))
        return plain * random.uniform(1 - self.jitter, 1 + self.jitter)

    def exhausted(self, attempts: int) -> bool:
        """Whether to give up after `attempts` failed attempts."""
        return attempts >= self.attempts

    def wait(self, attempt: int, asked: float | None = None) -> float | None:
        """Seconds until the next attempt, at least what the other side `asked` for (Retry-After). None: give up.

        Also None when it asked for more than `cap`: an earlier retry would only be refused again, and whether to wait
        that long is for the caller to decide, who gets the error with its retry_after.
        """
        if self.exhausted(attempt) or (asked or 0) > self.cap:
            return None
        return max(asked or 0.0, self.delay(attempt))


POLICIES: Mapping[str, RetryPolicy] = {
    "default": RetryPolicy(attempts=3, base=1, cap=30, multiplier=5, jitter=0.2),
    "none": RetryPolicy(attempts=1, base=0, cap=0, multiplier=1, jitter=0),
    # About 20 minutes in all, for work without a waiting user, such as the steps of workflows.
    "patient": RetryPolicy(attempts=7, base=5, cap=600, multiplier=3, jitter=0.2),
}


def policy(name: str) -> RetryPolicy:
    """The policy of this name. Raises ConfigurationError, since providers and programs choose it, not users."""
    chosen = POLICIES.get(name)
    if chosen is None:
        raise ConfigurationError(f"no retry policy is called {name!r}: {suggestion(name, list(POLICIES))}")
    return chosen
