"""Connections of our own to PostgreSQL and Redis, on which nothing waits for long and nothing is tried again."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.conf import settings
from django.db import connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# Milliseconds; below what whoever asked waits for.
STATEMENT_TIMEOUT = 1_000


@contextmanager
def database() -> Iterator[None]:
    """Django's connection of this thread, made anew: that one can still be made is part of the answer."""
    connection.close()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(STATEMENT_TIMEOUT)])
        yield
    finally:
        connection.close()


def reach_database() -> bool:
    """True, or raises what Django raises."""
    with database():
        return True


def redis() -> Redis:
    """A client of the broker, its few connections shared by the threads of this process."""
    return _redis(settings.REDIS_URL)


@lru_cache(maxsize=2)
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
