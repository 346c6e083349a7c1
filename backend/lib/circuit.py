"""A circuit breaker shared by every worker: when the other side keeps failing, it is left in peace for a while.

The rule and its scripts are plugfn.resilience.breaker's; here they are asked without an event loop, and answer in the
errors of lib.errors.
"""

from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from lib.errors import ErrorType, Temporary, Throttled
from plugfn.resilience import breaker


class Breaker:
    """One breaker under one `name`. `probe_seconds`: after this long a probe that said nothing is taken for lost."""

    def __init__(
        self, redis: Redis, name: str, *, failures: int = 5, open_seconds: float = 60, probe_seconds: float = 60
    ) -> None:
        self.name, self.failures, self.open_seconds = name, failures, open_seconds
        self._rule = breaker.Breaker(name, failures, open_seconds, probe_seconds)
        self._redis, self._key = redis, f"circuit:{name}"
        self._enter, self._fail = redis.register_script(breaker.ENTER), redis.register_script(breaker.FAIL)

    def enter(self) -> bool:
        """Ask before a call. True when `succeed` has something to forget. Raises Throttled (open) and Temporary."""
        wait = self._ask(lambda: self._enter([self._key], self._rule.enter_arguments))
        if wait > 0:
            raise Throttled(
                f"the circuit {self.name} is open",
                retry_after=self._rule.later(wait / 1000),
                error_type=ErrorType.CONNECTION_FAILURE,
                code="circuit",
            )
        return wait == 0

    def succeed(self) -> None:
        """The call was answered: close."""
        self._ask(lambda: self._redis.delete(self._key))

    def fail(self) -> bool:
        """The call failed. True when the breaker is open by it."""
        return self._ask(lambda: self._fail([self._key], self._rule.fail_arguments)) == 1

    def _ask(self, question: Callable[[], object]) -> int:
        try:
            return int(str(question()))
        except RedisError as error:
            raise Temporary("the circuit breaker cannot be read", error_type=ErrorType.INTERNAL_ERROR) from error
