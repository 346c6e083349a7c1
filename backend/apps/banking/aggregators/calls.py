"""Counting calls to aggregators where every process finds the counts: in Redis, one round trip a call.

A wiped Redis starts them anew, as a restarted program would: whoever reads counters expects that.
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
    """`counts` by (aggregator, endpoint, outcome): an HTTP status, or what failed on the wire. `seconds` in sum."""

    counts: dict[tuple[str, str, str], int]
    seconds: dict[tuple[str, str], float]


def counter(redis: Redis, aggregator: str) -> Callable[[str, str, float], None]:
    """What to call after each call, with its endpoint's name, its outcome and how long it took. Raises nothing."""

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
