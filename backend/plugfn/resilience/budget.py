"""A rate budget: at most `limit` calls in any window of `per_seconds`, asked before a call.

The rule in its two forms: `Window` keeps it in this process's memory, by a clock that it is told; the script TAKE
keeps it in Redis or Valkey, by the server's clock. With the callers' clocks, processes whose clocks differ, or who are
held up between reading their clock and asking, would together exceed the budget.
"""

import random
from collections import deque
from dataclasses import dataclass

# KEYS: the stamps (microseconds, newest first); the pause. ARGV: limit, window in seconds.
# One round trip; returns 0 when the call is granted, else the microseconds until there may be one.
TAKE = """
local paused = redis.call('pttl', KEYS[2])
if paused > 0 then return paused * 1000 end
local t = redis.call('TIME'); local now = tonumber(t[1]) * 1000000 + tonumber(t[2]);
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local left = now - window * 1000000
local last = redis.call('lindex', KEYS[1], -1)
while last and tonumber(last) <= left do
    redis.call('rpop', KEYS[1])
    last = redis.call('lindex', KEYS[1], -1)
end
local oldest = redis.call('lindex', KEYS[1], limit - 1)
if oldest then return math.max(1, tonumber(oldest) - left) end
redis.call('lpush', KEYS[1], string.format('%.0f', now))
redis.call('expire', KEYS[1], window + 1)
return 0
"""

# KEYS: the pause. ARGV: milliseconds. A shorter pause never ends a longer one.
PAUSE = """
local asked = tonumber(ARGV[1])
if redis.call('pttl', KEYS[1]) < asked then redis.call('set', KEYS[1], 1, 'px', asked) end
return 1
"""


@dataclass(frozen=True)
class Budget:
    """`limit` calls per `per_seconds` under one `name`, however many threads, processes and machines ask."""

    name: str
    limit: int
    per_seconds: int

    def __post_init__(self) -> None:
        if self.limit < 1 or self.per_seconds < 1:
            raise ValueError("a budget allows at least one call in at least one second")

    @property
    def take_arguments(self) -> list[int]:
        """ARGV of TAKE."""
        return [self.limit, self.per_seconds]

    def later(self, seconds: float) -> float:
        """A little more than `seconds`, different for each who waits: they would all come back at one moment."""
        return seconds + random.uniform(0.001, self.per_seconds / 20)


class Window:
    """The stamps of a budget's calls within its window, oldest first."""

    __slots__ = ("stamps",)

    def __init__(self) -> None:
        self.stamps: deque[float] = deque()

    def take(self, budget: Budget, now: float) -> float:
        """0.0 when the call is granted, else the seconds until there may be one. `now` never goes back."""
        stamps, left = self.stamps, now - budget.per_seconds
        while stamps and stamps[0] <= left:
            stamps.popleft()
        if len(stamps) >= budget.limit:
            return stamps[0] - left
        stamps.append(now)
        return 0.0
