"""Workers say that they are alive: each writes its name and the time into Redis, every few seconds.

Why not `inspect ping`: it asks all workers, waits a second for those that are gone, and leaves a reply queue in the
broker, each time somebody looks at /health. Why not a mark left by a task: while every slot is busy with a long sync
no task runs, and the workers are well. This is written by the worker's main loop, the one that takes messages: a
worker that died, froze or lost the broker falls silent.
"""

import logging
from typing import Any

from celery import bootsteps
from redis import Redis
from redis.exceptions import RedisError

from apps.reliability.connections import redis

logger = logging.getLogger(__name__)

KEY = "ponte:workers"
EVERY_SECONDS = 5.0
# Three beats may be missed.
ALIVE_SECONDS = 20

# The server's clock stamps: workers whose clocks differ count all the same. ARGV: name, seconds.
_BEAT = """
local now = tonumber(redis.call('TIME')[1])
redis.call('zadd', KEYS[1], now, ARGV[1])
redis.call('zremrangebyscore', KEYS[1], '-inf', now - ARGV[2])
"""
_COUNT = "return redis.call('zcount', KEYS[1], redis.call('TIME')[1] - ARGV[1], '+inf')"


class Heartbeat(bootsteps.StartStopStep):
    """Part of each Celery worker (see core.celery)."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        """The worker starts: beat from now on."""
        beat(worker.hostname)
        self._timer = worker.timer.call_repeatedly(EVERY_SECONDS, beat, (worker.hostname,))

    def stop(self, worker: Any) -> None:
        """The worker ends in good order: it is not waited for."""
        self._timer.cancel()
        try:
            redis().zrem(KEY, worker.hostname)
        except RedisError:
            logger.debug("The heartbeat's mark will expire by itself.")


def beat(name: str) -> None:
    """The worker `name` is alive now. Raises nothing: without Redis a worker has other worries."""
    try:
        redis().eval(_BEAT, 1, KEY, name, ALIVE_SECONDS)
    except RedisError as error:
        logger.debug("No heartbeat: %s", type(error).__name__)


def ask_alive(pipeline: Redis) -> None:
    """Have a pipeline answer how many workers are alive."""
    pipeline.eval(_COUNT, 1, KEY, ALIVE_SECONDS)
