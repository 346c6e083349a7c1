"""A rate budget: at most `limit` calls in any window of `per_seconds`, checked before each call.

There are two implementations: `Window` in this process's memory, by a clock that the caller passes; the script TAKE in
Redis or Valkey, by the server's clock. With the callers' clocks, processes would together exceed the budget when their
clocks differ, or when one is held up between reading its clock and asking.
"""

import random
from collections import deque
from dataclasses import dataclass

# KEYS: the stamps (microseconds, newest first); the pause. ARGV: limit, window in seconds.
# One round trip. Returns 0 when the call is granted, else the microseconds until the next one.
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


# KEYS and ARGV as of TAKE. Takes nothing. Returns the calls within the window, and the milliseconds of the pause.
USED = """
local t = redis.call('TIME'); local now = tonumber(t[1]) * 1000000 + tonumber(t[2]);
local left = now - tonumber(ARGV[2]) * 1000000
local last = redis.call('lindex', KEYS[1], -1)
while last and tonumber(last) <= left do
    redis.call('rpop', KEYS[1])
    last = redis.call('lindex', KEYS[1], -1)
end
return {redis.call('llen', KEYS[1]), math.max(0, redis.call('pttl', KEYS[2]))}
"""


@dataclass(frozen=True)
class Usage:
    """How a budget stands: its calls within the window, and the seconds for which the vendor asked to wait."""

    limit: int
    per_seconds: int
    used: int = 0
    paused: float = 0.0

    @property
    def remaining(self) -> int:
        """How many calls may be made now."""
        return 0 if self.paused else max(0, self.limit - self.used)


@dataclass(frozen=True)
class Budget:
    """`limit` calls per `per_seconds` under one `name`, shared by all threads, processes and machines."""

    name: str
    limit: int
    per_seconds: int

    def __post_init__(self) -> None:
        if self.limit < 1 or self.per_seconds < 1:
            raise ValueError("a budget must allow at least one call in at least one second")

    @property
    def take_arguments(self) -> list[int]:
        """ARGV of TAKE."""
        return [self.limit, self.per_seconds]

    def later(self, seconds: float) -> float:
        """A little more than `seconds`, different for each waiting caller, so that they do not all return at once."""
        return seconds + random.uniform(0.001, self.per_seconds / 20)


class Window:
    """The times of a budget's calls within its window, the oldest first."""

    __slots__ = ("stamps",)

    def __init__(self) -> None:
        self.stamps: deque[float] = deque()

    def take(self, budget: Budget, now: float) -> float:
        """0.0 when the call is granted, else the seconds until the next one. `now` must never go back."""
        if self.count(budget, now) >= budget.limit:
            return self.stamps[0] - (now - budget.per_seconds)
        self.stamps.append(now)
        return 0.0

    def count(self, budget: Budget, now: float) -> int:
        """How many calls the window has."""
        stamps, window_start = self.stamps, now - budget.per_seconds
        while stamps and stamps[0] <= window_start:
            stamps.popleft()
        return len(stamps)
