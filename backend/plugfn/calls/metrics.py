"""Counts and latencies of this process's calls, by action."""

import threading
from bisect import bisect_left
from dataclasses import dataclass, field

# Upper bounds in milliseconds, each a quarter above the previous one: a percentile is at most that much too high.
BOUNDS = tuple(1.25**step for step in range(-4, 56))


@dataclass
class Histogram:
    """How many calls took how long."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: int = 0
    longest: float = 0.0

    def add(self, milliseconds: float) -> None:
        """Count one call."""
        self.counts[bisect_left(BOUNDS, milliseconds)] += 1
        self.total += 1
        self.longest = max(self.longest, milliseconds)

    def percentile(self, share: float) -> float | None:
        """The milliseconds that a `share` (0 to 1) of the calls did not exceed; None before the first call."""
        seen = 0
        for bound, count in zip((*BOUNDS, self.longest), self.counts, strict=True):
            seen += count
            if seen and seen >= share * self.total:
                return min(bound, self.longest)
        return None


@dataclass(frozen=True)
class Measured:
    """The figures of one action. `latency_ms`: p50, p95, p99 of its attempts."""

    action: str
    attempts: int
    outcomes: dict[str, int]
    success_rate: float | None
    latency_ms: dict[str, float | None]


class Metrics:
    """Counts calls. It may be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: dict[str, dict[str, int]] = {}
        self._times: dict[str, Histogram] = {}

    def count(self, action: str, outcome: str, milliseconds: float) -> None:
        """Count one attempt. `outcome` is ok, retry, failed or unknown."""
        with self._lock:
            outcomes = self._outcomes.setdefault(action, {})
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            self._times.setdefault(action, Histogram()).add(milliseconds)

    def of(self, action: str) -> Measured:
        """The figures of one action; zeros when it was never called."""
        with self._lock:
            return self._measured(action)

    def all(self) -> list[Measured]:
        """The figures of every action that was called, by name."""
        with self._lock:
            return [self._measured(action) for action in sorted(self._outcomes)]

    def _measured(self, action: str) -> Measured:
        outcomes, times = dict(self._outcomes.get(action, {})), self._times.get(action, Histogram())
        attempts = sum(outcomes.values())
        rate = outcomes.get("ok", 0) / attempts if attempts else None
        latency = {name: times.percentile(share) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
        return Measured(action, attempts, outcomes, rate, latency)
