"""The time that webhooks took, from the counters of this web server's processes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from apps.reliability.metrics import own_counters

METRIC = "ponte_webhook_seconds"
# The outcomes of events that are stored.
STORED = ("accepted", "duplicate")


@dataclass(frozen=True)
class Latency:
    """`buckets`: how many took at most so many seconds, cumulative. `others`: answers that stored nothing."""

    buckets: Sequence[tuple[float, int]]
    others: int

    @property
    def count(self) -> int:
        """How many were stored."""
        return self.buckets[-1][1] if self.buckets else 0

    def within(self, share: float) -> float | None:
        """The seconds within which this share was answered, by bucket; None beyond the last one."""
        wanted = self.count * share
        bound = next((seconds for seconds, number in self.buckets if number >= wanted), math.inf)
        return None if math.isinf(bound) else bound


def read_latency() -> Latency | None:
    """The counters now; None if this process counts no webhooks."""
    family = next((each for each in own_counters().collect() if each.name == METRIC), None)
    if family is None:
        return None
    buckets: dict[float, float] = {}
    others = 0.0
    for sample in family.samples:
        stored = sample.labels.get("outcome") in STORED
        if sample.name.endswith("_bucket") and stored:
            bound = float(sample.labels["le"])
            buckets[bound] = buckets.get(bound, 0) + sample.value
        elif sample.name.endswith("_count") and not stored:
            others += sample.value
    return Latency([(bound, int(number)) for bound, number in sorted(buckets.items())], int(others))
