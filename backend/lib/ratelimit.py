"""A rate budget that all workers share: at most `limit` calls in any window of `per_seconds`.

The rule and its Redis scripts are in plugfn.resilience.budget. This module runs them without an event loop and raises
the errors of lib.errors.
"""

from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

from lib.errors import ErrorType, Temporary, Throttled
from lib.redis_client import redis_client
from plugfn.resilience import budget


class Budget:
    """The budget called `name`: `limit` calls per `per_seconds` for all threads, processes and machines together."""

    def __init__(self, redis: Redis, name: str, *, limit: int, per_seconds: int) -> None:
        self.name, self.limit, self.per_seconds = name, limit, per_seconds
        self._rule = budget.Budget(name, limit, per_seconds)
        # Do not change these keys, or two releases that run side by side would not count together.
        self._paused = f"budget:{name}:paused"
        self._keys = [f"budget:LIMITER/{name}/{limit}/{per_seconds}/second", self._paused]
        self._take, self._pause = redis.register_script(budget.TAKE), redis.register_script(budget.PAUSE)

    def take(self) -> None:
        """Take one call. Raises Throttled, which says how long to wait, or Temporary (no Redis)."""
        # Without Redis no call is allowed, or each worker would use the whole budget.
        wait = self._ask(lambda: self._take(self._keys, self._rule.take_arguments))
        if wait > 0:
            later = self._rule.later(wait / 1_000_000)
            raise Throttled(f"the rate budget {self.name} is used up", retry_after=later, code="budget")

    def pause(self, seconds: float) -> None:
        """Allow no call for `seconds`, because the other side asked for it. Raises Temporary (no Redis)."""
        self._ask(lambda: self._pause([self._paused], [max(1, int(seconds * 1000))]))

    def _ask(self, command: Callable[[], object]) -> int:
        try:
            return int(str(command()))
        except RedisError as error:
            raise Temporary("Redis does not answer for the rate budget", error_type=ErrorType.INTERNAL_ERROR) from error


def request_budget(name: str, *, limit: int, per_seconds: int) -> Budget:
    """The budget called `name`, for a web request: it waits for Valkey a second at most, and asks once."""
    return Budget(redis_client(), name, limit=limit, per_seconds=per_seconds)


@dataclass(frozen=True)
class Use:
    """How many calls of a budget were made within its window."""

    name: str
    used: int
    limit: int


def read_use(prefix: str) -> list[Use]:
    """The budgets whose name begins with `prefix`, and that were used lately. Raises Temporary (no Redis)."""
    redis = redis_client()
    try:
        keys = sorted(redis.scan_iter(f"budget:LIMITER/{prefix}*/second", count=1000))
        pipeline = redis.pipeline(transaction=False)
        pipeline.time()
        for key in keys:
            pipeline.lrange(key, 0, -1)
        (seconds, _microseconds), *stamps = pipeline.execute()
    except RedisError as error:
        raise Temporary("Redis does not answer for the rate budget", error_type=ErrorType.INTERNAL_ERROR) from error
    return [_use(key.decode(), calls, seconds) for key, calls in zip(keys, stamps, strict=True)]


def _use(key: str, calls: list[bytes], now: int) -> Use:
    name, limit, window, _unit = key.removeprefix("budget:LIMITER/").rsplit("/", 3)
    begin = (now - int(window)) * 1_000_000
    return Use(name, sum(int(call) > begin for call in calls), int(limit))
