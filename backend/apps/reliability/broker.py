"""The state of the broker: the messages in its queues, and the workers that read them."""

from dataclasses import dataclass

from django.conf import settings

from apps.reliability.heartbeat import count_workers
from lib.redis_client import redis_client


@dataclass(frozen=True)
class Broker:
    """`queues`: messages that no worker has taken yet, by queue. `workers`: how many have a fresh heartbeat."""

    queues: dict[str, int]
    workers: int


def read_broker() -> Broker:
    """Read both in one round trip. Raises RedisError."""
    names = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    pipeline = redis_client().pipeline(transaction=False)
    for name in names:
        pipeline.llen(name)
    count_workers(pipeline)
    *depths, workers = pipeline.execute()
    return Broker(dict(zip(names, depths, strict=True)), workers)
