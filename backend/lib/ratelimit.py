"""A rate budget shared by every worker: at most `limit` calls in any window of `per_seconds`, asked before a call.

The moving window is the `limits` library's, kept in Redis or Valkey, with one change: the server's own clock stamps
each call. With the callers' clocks, workers whose clocks differ, or who are held up between reading their clock and
asking, would together exceed the budget.
"""

import random

from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import Redis
from redis.exceptions import RedisError

from lib.errors import ErrorType, Temporary, Throttled

_NOW = "local t = redis.call('TIME'); local now = tonumber(t[1]) * 1000000 + tonumber(t[2]);"

# KEYS: the stamps (microseconds, newest first). ARGV: the caller's clock (not used), limit, window in seconds.
_ACQUIRE = f"""{_NOW}
local limit, window = tonumber(ARGV[2]), tonumber(ARGV[3])
local oldest = redis.call('lindex', KEYS[1], limit - 1)
if oldest and tonumber(oldest) > now - window * 1000000 then return false end
redis.call('lpush', KEYS[1], string.format('%.0f', now))
redis.call('ltrim', KEYS[1], 0, limit - 1)
redis.call('expire', KEYS[1], window + 1)
return true
"""

# Microseconds until the oldest of `limit` calls leaves the window. ARGV: limit, window in seconds.
_WAIT = f"""{_NOW}
local oldest = redis.call('lindex', KEYS[1], tonumber(ARGV[1]) - 1)
if not oldest then return 0 end
return math.max(0, tonumber(oldest) + tonumber(ARGV[2]) * 1000000 - now)
"""


class ServerClockStorage(RedisStorage):
    """The storage of `limits` on an existing pool of connections, its moving window stamped by the server."""

    STORAGE_SCHEME: list[str] = []  # not offered for URLs
    SCRIPT_ACQUIRE_MOVING_WINDOW = _ACQUIRE.encode()

    def __init__(self, redis: Redis) -> None:
        super().__init__("redis://", connection_pool=redis.connection_pool, key_prefix="budget")


class Budget:
    """`limit` calls per `per_seconds` under one `name`, however many threads, processes and machines ask."""

    def __init__(self, redis: Redis, name: str, *, limit: int, per_seconds: int) -> None:
        if limit < 1 or per_seconds < 1:
            raise ValueError("a budget allows at least one call in at least one second")
        self.name, self.limit, self.per_seconds = name, limit, per_seconds
        self._item = RateLimitItemPerSecond(limit, per_seconds)
        self._storage = ServerClockStorage(redis)
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._wait = redis.register_script(_WAIT)
        self._redis = redis

    def take(self) -> None:
        """Take one call. Raises Throttled (how long until there may be one again) and Temporary (no Redis)."""
        try:
            wait = self._paused() or (0.0 if self._limiter.hit(self._item, self.name) else self._until_free())
        except RedisError as error:
            # Fail closed: without the shared count, every worker would think the budget its own.
            raise Temporary("the rate budget cannot be read", error_type=ErrorType.INTERNAL_ERROR) from error
        if wait:
            raise Throttled(f"the rate budget {self.name} is used up", retry_after=wait, code="budget")

    def pause(self, seconds: float) -> None:
        """Give no call to anybody for `seconds`: the other side said so. Best effort: raises nothing but Temporary."""
        try:
            self._redis.set(self._pause_key, 1, px=max(1, int(seconds * 1000)))
        except RedisError as error:
            raise Temporary("the rate budget cannot be paused", error_type=ErrorType.INTERNAL_ERROR) from error

    @property
    def _pause_key(self) -> str:
        return f"budget:{self.name}:paused"

    def _paused(self) -> float:
        left = self._redis.pttl(self._pause_key)
        return self._spread(left / 1000) if left > 0 else 0.0

    def _until_free(self) -> float:
        key = self._storage.prefixed_key(self._item.key_for(self.name))
        return self._spread(int(self._wait([key], [self.limit, self.per_seconds])) / 1_000_000)

    def _spread(self, seconds: float) -> float:
        """A little more than `seconds`, different for each who waits: they would all come back at one moment."""
        return seconds + random.uniform(0.001, self.per_seconds / 20)
