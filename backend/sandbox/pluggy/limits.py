"""Rate limits: requests per endpoint and source address in each window of a minute."""

import math
import time
from collections import deque
from dataclasses import dataclass, field

from .errors import ApiError

PER_MINUTE = {
    "POST /auth": 360,
    "GET /transactions": 360,
    "GET /transactions/{id}": 360,
    "GET /v2/transactions": 360,
    "GET /investments": 360,
    "GET /investments/{id}": 360,
    "GET /investments/{id}/transactions": 360,
    "GET /accounts": 360,
    "GET /accounts/{id}": 360,
    "PATCH /items/{id}": 20,
}
MESSAGE = "Too many requests. Please try again later (see Retry-After header in seconds)"


@dataclass
class Meter:
    """Requests from one address to one endpoint."""

    started: float = 0.0
    used: int = 0
    over: int = 0
    busiest: int = 0
    recent: deque[float] = field(default_factory=deque)


class Limits:
    """Always counts. Refuses only if enabled. A window begins with the first request after the last one ended."""

    def __init__(self, enabled: bool = True, window: float = 60.0) -> None:
        self.enabled = enabled
        self.window = window
        self.table = dict(PER_MINUTE)
        self.meters: dict[tuple[str, str], Meter] = {}

    def take(self, endpoint: str, source: str) -> dict[str, str]:
        """Count one request. Returns the RateLimit headers. Raises 429 if the limit is reached."""
        most = self.table.get(endpoint)
        if most is None:
            return {}
        meter = self.meters.setdefault((endpoint, source), Meter())
        now = time.monotonic()
        self._note(meter, now)
        if now - meter.started >= self.window:
            meter.started, meter.used = now, 0
        meter.used += 1
        headers = self._headers(meter, most, now)
        if meter.used > most:
            meter.over += 1
            if self.enabled:
                raise self._refusal(headers)
        return headers

    def _note(self, meter: Meter, now: float) -> None:
        meter.recent.append(now)
        while meter.recent[0] <= now - self.window:
            meter.recent.popleft()
        meter.busiest = max(meter.busiest, len(meter.recent))

    def _headers(self, meter: Meter, most: int, now: float) -> dict[str, str]:
        rest = max(1, math.ceil(meter.started + self.window - now))
        return {
            "RateLimit-Limit": str(most),
            "RateLimit-Remaining": str(max(0, most - meter.used)),
            "RateLimit-Reset": str(rest),
        }

    def _refusal(self, headers: dict[str, str]) -> ApiError:
        error = ApiError(429, MESSAGE)
        error.headers = {**headers, "Retry-After": str(max(1, math.ceil(self.window)))}
        return error

    def report(self) -> dict[str, dict[str, int]]:
        """Per endpoint: its limit, requests over it, and the most in any sliding window, whatever the source."""
        found: dict[str, dict[str, int]] = {}
        for (endpoint, _), meter in self.meters.items():
            line = found.setdefault(endpoint, {"limit": self.table[endpoint], "over": 0, "busiest": 0})
            line["over"] += meter.over
            line["busiest"] = max(line["busiest"], meter.busiest)
        return found

    def clear(self) -> None:
        """Set all counts to zero."""
        self.meters.clear()
