"""The heartbeat of the workers: each writes its name and the time into Redis every few seconds.

Celery's `inspect ping` would ask all workers, wait a second for those that are gone, and leave a reply queue in the
broker, at each request to /health. A mark written by a task would be missing while every process is busy with a long
sync. The heartbeat comes from the worker's main loop, which takes the messages. So it stops when the worker dies,
freezes or loses the broker.
"""

import logging
from typing import Any

from celery import bootsteps
from redis import Redis
from redis.exceptions import RedisError

from lib.redis_client import redis_client

logger = logging.getLogger(__name__)

KEY = "ponte:workers"
EVERY_SECONDS = 5.0
# A worker may miss three beats.
ALIVE_SECONDS = 20

# Redis stamps the time, so the clocks of the workers do not matter. ARGV: name, seconds.
_BEAT = """
local now = tonumber(redis.call('TIME')[1])
redis.call('zadd', KEYS[1], now, ARGV[1])
redis.call('zremrangebyscore', KEYS[1], '-inf', now - ARGV[2])
"""
_COUNT = "return redis.call('zcount', KEYS[1], redis.call('TIME')[1] - ARGV[1], '+inf')"


class Heartbeat(bootsteps.StartStopStep):
    """A step of each Celery worker (see core.celery)."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        """The worker starts: send a heartbeat now and every EVERY_SECONDS."""
        beat(worker.hostname)
        self._timer = worker.timer.call_repeatedly(EVERY_SECONDS, beat, (worker.hostname,))

    def stop(self, worker: Any) -> None:
        """The worker ends: remove its heartbeat, so that /health does not count it."""
        self._timer.cancel()
        try:
            redis_client().zrem(KEY, worker.hostname)
        except RedisError:
            logger.debug("Redis did not remove the heartbeat; it expires by itself.")


def beat(name: str) -> None:
    """Record that the worker `name` is alive now. Raises nothing, even if Redis is down."""
    try:
        redis_client().eval(_BEAT, 1, KEY, name, ALIVE_SECONDS)
    except RedisError as error:
        logger.debug("The heartbeat was not stored (%s).", type(error).__name__)


def count_workers(pipeline: Redis) -> None:
    """Add to a pipeline the command that returns how many workers are alive."""
    pipeline.eval(_COUNT, 1, KEY, ALIVE_SECONDS)
