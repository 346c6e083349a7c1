"""Connections to PostgreSQL and Redis for health and metrics, with short timeouts and no retries."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.conf import settings
from django.db import connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# Milliseconds. Less than a caller of /health waits.
STATEMENT_TIMEOUT = 1_000


@contextmanager
def database() -> Iterator[None]:
    """Reconnect Django's connection of this thread, because a new connection is part of the health check."""
    connection.close()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(STATEMENT_TIMEOUT)])
        yield
    finally:
        connection.close()


def reach_database() -> bool:
    """True if PostgreSQL accepts a connection. Raises Django's database errors."""
    with database():
        return True


def redis() -> Redis:
    """A client of the broker. The threads of this process share its few connections."""
    return _redis(settings.REDIS_URL)


@lru_cache(maxsize=2)
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
