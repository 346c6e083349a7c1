"""Counts of the emulator's requests, for tests: by endpoint, status and time."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

KEPT = 5000


@dataclass
class Requests:
    """Counts since the start or the last reset, and a list of the last few thousand requests."""

    counts: Counter[tuple[str, int]] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)
    last: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))

    def note(self, endpoint: str, status: int, seconds: float, query: str, at: str) -> None:
        """Count one answered request. Headers and bodies are not stored: they hold secrets."""
        self.counts[endpoint, status] += 1
        self.slowest[endpoint] = max(self.slowest.get(endpoint, 0.0), seconds)
        self.last.append(
            {"endpoint": endpoint, "status": status, "ms": round(seconds * 1000, 2), "query": query, "at": at}
        )

    def report(self) -> dict[str, Any]:
        """`{"total", "endpoints": {endpoint: {"count", "statuses", "slowest_ms"}}}`"""
        found: dict[str, Any] = {}
        for (endpoint, status), count in sorted(self.counts.items()):
            line = found.setdefault(endpoint, {"count": 0, "statuses": {}})
            line["count"] += count
            line["statuses"][str(status)] = count
            line["slowest_ms"] = round(self.slowest[endpoint] * 1000, 1)
        return {"total": sum(self.counts.values()), "endpoints": found}

    def clear(self) -> None:
        """Forget everything."""
        self.counts.clear()
        self.slowest.clear()
        self.last.clear()
