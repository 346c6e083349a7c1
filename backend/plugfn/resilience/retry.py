"""Named retry policies: how often a failing row is tried again, and how long it waits between."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class RetryPolicy:
    """`base`, `cap` in seconds; the n-th wait is base × multiplierⁿ⁻¹, capped, spread by ± jitter (a fraction)."""

    attempts: int
    base: float
    cap: float
    multiplier: float
    jitter: float

    def delay(self, attempt: int) -> float:
        """Seconds to wait after failed attempt number `attempt` (from 1)."""
        plain = min(self.cap, self.base * self.multiplier ** min(attempt - 1, 64))
        return plain * random.uniform(1 - self.jitter, 1 + self.jitter)

    def exhausted(self, attempts: int) -> bool:
        """Whether a row that failed `attempts` times is dead."""
        return attempts >= self.attempts


POLICIES = {
    # About 32 hours in all: longer than a bank's maintenance window, shorter than a lost weekend.
    "event": RetryPolicy(attempts=12, base=5, cap=6 * 3600, multiplier=4, jitter=0.2),
}
