"""A circuit breaker shared by every worker: when the other side keeps failing, it is left in peace for a while.

closed      calls pass; `failures` in a row open it
open        nobody calls for `open_seconds`
half open   then one caller probes; its success closes the breaker, its failure opens it again
"""

import random
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from lib.errors import ErrorType, Temporary, Throttled

# How long failures that do not follow one another are remembered, in seconds.
MEMORY_SECONDS = 600

_NOW = "local t = redis.call('TIME'); local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000);"

# ARGV: probe time in ms. Returns milliseconds to wait: 0 = call, -1 = call, and nothing to forget on success.
_ENTER = f"""{_NOW}
local state = redis.call('hmget', KEYS[1], 'failures', 'until', 'probe')
if not state[1] then return -1 end
local wait = math.max(tonumber(state[2] or 0), tonumber(state[3] or 0)) - now
if wait > 0 then return wait end
if state[2] then redis.call('hset', KEYS[1], 'probe', now + tonumber(ARGV[1])) end
return 0
"""

# ARGV: failures that open it, how long it stays open and is remembered, both in ms. Returns 1 when this opened it.
_FAIL = f"""{_NOW}
local failures = redis.call('hincrby', KEYS[1], 'failures', 1)
redis.call('pexpire', KEYS[1], ARGV[3])
if failures < tonumber(ARGV[1]) then return 0 end
redis.call('hset', KEYS[1], 'until', now + tonumber(ARGV[2]))
redis.call('hdel', KEYS[1], 'probe')
return 1
"""


class Breaker:
    """One breaker under one `name`. `probe_seconds`: after this long a probe that said nothing is taken for lost."""

    def __init__(
        self, redis: Redis, name: str, *, failures: int = 5, open_seconds: float = 60, probe_seconds: float = 60
    ) -> None:
        self.name, self.failures, self.open_seconds = name, failures, open_seconds
        self._redis, self._key = redis, f"circuit:{name}"
        self._probe_ms = int(probe_seconds * 1000)
        self._open_ms = int(open_seconds * 1000)
        self._memory_ms = self._open_ms + MEMORY_SECONDS * 1000
        self._enter = redis.register_script(_ENTER)
        self._fail = redis.register_script(_FAIL)

    def enter(self) -> bool:
        """Ask before a call. True when `succeed` has something to forget. Raises Throttled (open) and Temporary."""
        try:
            wait = int(self._enter([self._key], [self._probe_ms]))
        except RedisError as error:
            raise _unreadable() from error
        if wait > 0:
            # Those who wait come back one after another, not all at the moment it half opens.
            later = wait / 1000 + random.uniform(0, self.open_seconds / 10)
            raise Throttled(
                f"the circuit {self.name} is open",
                retry_after=later,
                error_type=ErrorType.CONNECTION_FAILURE,
                code="circuit",
            )
        return wait == 0

    def succeed(self) -> None:
        """The call was answered: close."""
        self._do(lambda: self._redis.delete(self._key))

    def fail(self) -> bool:
        """The call failed. True when the breaker is open by it."""
        return bool(self._do(lambda: self._fail([self._key], [self.failures, self._open_ms, self._memory_ms])))

    def _do(self, step: Callable[[], object]) -> object:
        try:
            return step()
        except RedisError as error:
            raise _unreadable() from error


def _unreadable() -> Temporary:
    return Temporary("the circuit breaker cannot be read", error_type=ErrorType.INTERNAL_ERROR)
