"""A rate budget shared by every worker: at most `limit` calls in any window of `per_seconds`, asked before a call.

The rule and its scripts are plugfn.resilience.budget's; here they are asked without an event loop, and answer in the
errors of lib.errors.
"""

from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from lib.errors import ErrorType, Temporary, Throttled
from plugfn.resilience import budget


class Budget:
    """`limit` calls per `per_seconds` under one `name`, however many threads, processes and machines ask."""

    def __init__(self, redis: Redis, name: str, *, limit: int, per_seconds: int) -> None:
        self.name, self.limit, self.per_seconds = name, limit, per_seconds
        self._rule = budget.Budget(name, limit, per_seconds)
        # Releases that run side by side count together as long as these stay the same.
        self._paused = f"budget:{name}:paused"
        self._keys = [f"budget:LIMITER/{name}/{limit}/{per_seconds}/second", self._paused]
        self._take, self._pause = redis.register_script(budget.TAKE), redis.register_script(budget.PAUSE)

    def take(self) -> None:
        """Take one call. Raises Throttled (how long until there may be one again) and Temporary (no Redis)."""
        # Fail closed: without the shared count, every worker would think the budget its own.
        wait = self._ask("read", lambda: self._take(self._keys, self._rule.take_arguments))
        if wait > 0:
            later = self._rule.later(wait / 1_000_000)
            raise Throttled(f"the rate budget {self.name} is used up", retry_after=later, code="budget")

    def pause(self, seconds: float) -> None:
        """Give no call to anybody for `seconds`: the other side said so. Best effort: raises nothing but Temporary."""
        self._ask("paused", lambda: self._pause([self._paused], [max(1, int(seconds * 1000))]))

    def _ask(self, what: str, question: Callable[[], object]) -> int:
        try:
            return int(str(question()))
        except RedisError as error:
            raise Temporary(f"the rate budget cannot be {what}", error_type=ErrorType.INTERNAL_ERROR) from error
