"""The state of the mailbox: the books, and how long events wait. The cost grows only with the pending events."""

from dataclasses import dataclass

from django.db import connection

from apps.events.books import Books, read_books
from apps.reliability.connections import database

# min(id + 0) and not min(id), for which PostgreSQL would walk the primary key past every finished event. Like this it
# reads only the partial index of pending events.
_WAITING = """
    SELECT extract(epoch FROM now() - (SELECT received_at FROM events_event WHERE id = pending.oldest)),
        extract(epoch FROM now() - (SELECT available_at FROM events_event WHERE state = 'pending'
            ORDER BY available_at, id LIMIT 1))
    FROM (SELECT min(id + 0) AS oldest FROM events_event WHERE state = 'pending') AS pending
"""


@dataclass(frozen=True)
class Backlog:
    """Seconds are 0 if no event waits.

    `oldest_pending_seconds`: since the oldest unfinished event arrived, whatever it waits for (its item, a vendor's
    rate limit, a backoff). `overdue_seconds`: since the longest waiting due event became due.
    """

    books: Books
    oldest_pending_seconds: float
    overdue_seconds: float


def read_backlog() -> Backlog:
    """Count. Raises Django's database errors, also if the count takes longer than connections.STATEMENT_TIMEOUT."""
    with database(), connection.cursor() as cursor:
        # Statistics that lag behind a burst would make PostgreSQL read every finished event. The connection is our own.
        cursor.execute("SET enable_seqscan = off")
        return count_backlog()


def count_backlog() -> Backlog:
    """Count over this thread's connection, for which sequential scans should be off."""
    books = read_books()
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        oldest, overdue = (max(0.0, float(seconds or 0)) for seconds in cursor.fetchone())
    return Backlog(books, round(oldest, 1), round(overdue, 1))
