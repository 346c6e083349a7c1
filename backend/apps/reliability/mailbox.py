"""How the mailbox stands: the books, and how long events wait. Costs as much as there is pending, not as there was."""

from dataclasses import dataclass

from django.db import connection

from apps.events.books import Books, read_books
from apps.reliability.connections import database

# min(id + 0), not min(id): that would be found by walking the primary key past every finished event. As it is written
# here, only the partial index of pending events is read.
_WAITING = """
    SELECT extract(epoch FROM now() - (SELECT received_at FROM events_event WHERE id = pending.oldest)),
        extract(epoch FROM now() - (SELECT available_at FROM events_event WHERE state = 'pending'
            ORDER BY available_at, id LIMIT 1))
    FROM (SELECT min(id + 0) AS oldest FROM events_event WHERE state = 'pending') AS pending
"""


@dataclass(frozen=True)
class Mailbox:
    """Seconds are 0 when nothing waits.

    `oldest_pending_seconds`: since the oldest unfinished event arrived, whatever it waits for (its bank's item, a
    vendor's rate limit, the end of a back-off). `overdue_seconds`: since an event could have been worked on.
    """

    books: Books
    oldest_pending_seconds: float
    overdue_seconds: float


def read_mailbox() -> Mailbox:
    """Count. Raises what Django raises, also when the count takes longer than connections.STATEMENT_TIMEOUT."""
    with database():
        books = read_books()
        with connection.cursor() as cursor:
            cursor.execute(_WAITING)
            oldest, overdue = (max(0.0, float(seconds or 0)) for seconds in cursor.fetchone())
    return Mailbox(books, round(oldest, 1), round(overdue, 1))
