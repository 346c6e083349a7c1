"""Connections to PostgreSQL for health and metrics, with short timeouts."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

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
