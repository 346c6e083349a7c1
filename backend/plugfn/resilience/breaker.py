"""A circuit breaker: when the other side keeps failing, calls to it are blocked for a while.

closed      calls pass; `failures` in a row open it
open        calls are blocked for `open_seconds`
half open   then one caller probes; success closes the breaker, failure opens it again

There are two implementations: `Circuit` in this process's memory, by a clock that the caller passes; the scripts ENTER
and FAIL in Redis or Valkey, by the server's clock. In both, a breaker without stored state is closed.
"""

import random
from dataclasses import dataclass

# How long failures are remembered that are not followed by others, in seconds.
MEMORY_SECONDS = 600

_NOW = "local t = redis.call('TIME'); local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000);"

# ARGV: probe time in ms. Returns milliseconds to wait: 0 = call, -1 = call, and success need not be recorded.
ENTER = f"""{_NOW}
local state = redis.call('hmget', KEYS[1], 'failures', 'until', 'probe')
if not state[1] then return -1 end
local wait = math.max(tonumber(state[2] or 0), tonumber(state[3] or 0)) - now
if wait > 0 then return wait end
if state[2] then redis.call('hset', KEYS[1], 'probe', now + tonumber(ARGV[1])) end
return 0
"""

# ARGV: failures that open it, how long it stays open, how long it is remembered (ms). Returns 1 when this opened it.
FAIL = f"""{_NOW}
local failures = redis.call('hincrby', KEYS[1], 'failures', 1)
redis.call('pexpire', KEYS[1], ARGV[3])
if failures < tonumber(ARGV[1]) then return 0 end
redis.call('hset', KEYS[1], 'until', now + tonumber(ARGV[2]))
redis.call('hdel', KEYS[1], 'probe')
return 1
"""


# Returns the failures in a row, and the milliseconds for which calls are blocked.
READ = f"""{_NOW}
local state = redis.call('hmget', KEYS[1], 'failures', 'until')
return {{tonumber(state[1] or 0), math.max(0, tonumber(state[2] or 0) - now)}}
"""


@dataclass(frozen=True)
class CircuitState:
    """How a breaker stands: failures in a row, and the seconds for which calls are blocked (0: they are not)."""

    failures: int = 0
    blocked: float = 0.0


@dataclass(frozen=True)
class Breaker:
    """The settings of one breaker, by `name`. After `probe_seconds` a probe without a result counts as lost."""

    name: str
    failures: int = 5
    open_seconds: float = 60.0
    probe_seconds: float = 60.0

    @property
    def memory_seconds(self) -> float:
        """How long it is remembered after its latest failure."""
        return self.open_seconds + MEMORY_SECONDS

    @property
    def enter_arguments(self) -> list[int]:
        """ARGV of ENTER."""
        return [_milliseconds(self.probe_seconds)]

    @property
    def fail_arguments(self) -> list[int]:
        """ARGV of FAIL."""
        return [self.failures, _milliseconds(self.open_seconds), _milliseconds(self.memory_seconds)]

    def later(self, seconds: float) -> float:
        """A little more than `seconds`, at random, so that waiting callers do not all return at the same moment."""
        return seconds + random.uniform(0, self.open_seconds / 10)


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


class Circuit:
    """The state of a breaker that has failed."""

    __slots__ = ("failures", "probe", "until")

    def __init__(self) -> None:
        self.failures = 0
        self.until = self.probe = 0.0

    def enter(self, breaker: Breaker, now: float) -> float:
        """0.0 to call, else the seconds for which calls are blocked."""
        wait = max(self.until, self.probe) - now
        if wait > 0:
            return wait
        if self.until:
            self.probe = now + breaker.probe_seconds
        return 0.0

    def fail(self, breaker: Breaker, now: float) -> bool:
        """Record a failed call. True when it opened the breaker."""
        self.failures += 1
        if self.failures < breaker.failures:
            return False
        self.until, self.probe = now + breaker.open_seconds, 0.0
        return True
