"""How the broker stands: what lies in its queues, and who reads them."""

from dataclasses import dataclass

from django.conf import settings

from apps.reliability.connections import redis
from apps.reliability.heartbeat import ask_alive


@dataclass(frozen=True)
class Broker:
    """`queues`: messages that no worker took yet, by queue. `workers`: how many said lately that they live."""

    queues: dict[str, int]
    workers: int


def read_broker() -> Broker:
    """One round trip. Raises RedisError."""
    names = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    pipeline = redis().pipeline(transaction=False)
    for name in names:
        pipeline.llen(name)
    ask_alive(pipeline)
    *depths, workers = pipeline.execute()
    return Broker(dict(zip(names, depths, strict=True)), workers)
