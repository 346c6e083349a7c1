"""The health check of a worker's container: exit code 0 if its worker wrote its heartbeat into Redis lately."""

import os
import socket
import sys
import time
from pathlib import Path

from redis import Redis

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "backend"))

from apps.reliability.heartbeat import ALIVE_SECONDS, KEY


def alive() -> bool:
    """Celery names a worker after its host. Raises RedisError if Redis does not answer."""
    with Redis.from_url(os.environ["REDIS_URL"], socket_timeout=4) as redis:
        beat = redis.zscore(KEY, f"celery@{socket.gethostname()}")
    return beat is not None and time.time() - beat < ALIVE_SECONDS


if __name__ == "__main__":
    sys.exit(not alive())
