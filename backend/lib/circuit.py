"""A circuit breaker that all workers share: while a server keeps failing, they send it no calls.

The rule and its Redis scripts are in plugfn.resilience.breaker. This module runs them without an event loop and raises
the errors of lib.errors.
"""

from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from lib.errors import ErrorType, Temporary, Throttled
from plugfn.resilience import breaker


class Breaker:
    """The breaker called `name`. A probe without an answer counts as lost after `probe_seconds`."""

    def __init__(
        self, redis: Redis, name: str, *, failures: int = 5, open_seconds: float = 60, probe_seconds: float = 60
    ) -> None:
        self.name, self.failures, self.open_seconds = name, failures, open_seconds
        self._rule = breaker.Breaker(name, failures, open_seconds, probe_seconds)
        self._redis, self._key = redis, f"circuit:{name}"
        self._enter, self._fail = redis.register_script(breaker.ENTER), redis.register_script(breaker.FAIL)

    def enter(self) -> bool:
        """Ask before each call. True if a success must call `succeed`. Raises Throttled (open) or Temporary."""
        wait = self._ask(lambda: self._enter([self._key], self._rule.enter_arguments))
        if wait > 0:
            raise Throttled(
                f"the circuit breaker {self.name} is open",
                retry_after=self._rule.later(wait / 1000),
                error_type=ErrorType.CONNECTION_FAILURE,
                code="circuit",
            )
        return wait == 0

    def succeed(self) -> None:
        """The call succeeded: close the breaker."""
        self._ask(lambda: self._redis.delete(self._key))

    def fail(self) -> bool:
        """The call failed. True if this failure opened the breaker."""
        return self._ask(lambda: self._fail([self._key], self._rule.fail_arguments)) == 1

    def _ask(self, command: Callable[[], object]) -> int:
        try:
            return int(str(command()))
        except RedisError as error:
            raise Temporary(
                "Redis does not answer for the circuit breaker", error_type=ErrorType.INTERNAL_ERROR
            ) from error
