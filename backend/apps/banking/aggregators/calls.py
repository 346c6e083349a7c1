"""Count the calls to aggregators in Redis, where all processes share the counts. Each call costs one round trip.

If Redis is wiped, the counters start at zero, as they do when a program restarts. Metrics readers handle that.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

_COUNTS, _SECONDS = "ponte:api:calls", "ponte:api:seconds"


@dataclass(frozen=True)
class Calls:
    """`counts` by (aggregator, endpoint, outcome), `seconds` (totals) by (aggregator, endpoint).

    An outcome is an HTTP status or the code of a network error.
    """

    counts: dict[tuple[str, str, str], int]
    seconds: dict[tuple[str, str], float]


def counter(redis: Redis, aggregator: str) -> Callable[[str, str, float], None]:
    """A function to run after each call, with the endpoint's name, the outcome and the seconds. It never raises."""

    def count(endpoint: str, outcome: str, seconds: float) -> None:
        try:
            pipeline = redis.pipeline(transaction=False)
            pipeline.hincrby(_COUNTS, f"{aggregator}|{endpoint}|{outcome}", 1)
            pipeline.hincrbyfloat(_SECONDS, f"{aggregator}|{endpoint}", round(seconds, 6))
            pipeline.execute()
        except RedisError as error:
            logger.debug("A call was not counted: %s", type(error).__name__)

    return count


def read_calls(redis: Redis) -> Calls:
    """The counts since Redis was last wiped. Raises RedisError."""
    pipeline = redis.pipeline(transaction=False)
    pipeline.hgetall(_COUNTS)
    pipeline.hgetall(_SECONDS)
    counts, seconds = pipeline.execute()
    return Calls(
        {_endpoint_and_outcome(field.decode()): int(number) for field, number in counts.items()},
        {_endpoint(field.decode()): float(total) for field, total in seconds.items()},
    )


def _endpoint(field: str) -> tuple[str, str]:
    aggregator, _, endpoint = field.partition("|")
    return aggregator, endpoint


def _endpoint_and_outcome(field: str) -> tuple[str, str, str]:
    aggregator, rest = _endpoint(field)
    endpoint, _, outcome = rest.partition("|")
    return aggregator, endpoint, outcome
