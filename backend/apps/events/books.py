"""The books of the mailbox: accepted = done + pending + dead + purged, at all times."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Sum

from apps.events.models import Event, Tally

# Each entry is a new row, so two transactions never wait for one another to count.
_BOOK = """
    INSERT INTO events_tally (slot, accepted, done, purged)
    VALUES (-floor(random() * 9e18)::bigint - 1, 0, %s, %s)
"""
_FOLD = """
    WITH entries AS (DELETE FROM events_tally RETURNING accepted, done, purged)
    INSERT INTO events_tally (slot, accepted, done, purged)
    SELECT -floor(random() * 9e18)::bigint - 1, sum(accepted), sum(done), sum(purged)
    FROM entries HAVING count(*) > 0
"""


@dataclass(frozen=True)
class Books:
    """How many events there are, by state."""

    accepted: int
    done: int
    pending: int
    dead: int
    purged: int

    @property
    def balanced(self) -> bool:
        """Whether the books account for every event that was ever accepted."""
        return self.accepted == self.done + self.pending + self.dead + self.purged


def book(*, done: int, purged: int = 0) -> None:
    """Add an entry to the tally, in the caller's transaction. What is accepted, the store books itself."""
    if done or purged:
        with connection.cursor() as cursor:
            cursor.execute(_BOOK, [done, purged])


def fold() -> None:
    """Replace all rows of the tally with one row of their sums."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLD)


_READ = """
    SELECT coalesce(sum(accepted), 0), coalesce(sum(done), 0), coalesce(sum(purged), 0),
        (SELECT count(*) FROM events_event WHERE state = 'pending'),
        (SELECT count(*) FROM events_event WHERE state = 'dead')
    FROM events_tally
"""


def read_books() -> Books:
    """The books now, in one snapshot. Pending and dead events are counted row by row, with their partial indexes."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        accepted, done, purged, pending, dead = (int(value) for value in cursor.fetchone())
    return Books(accepted=accepted, done=done, pending=pending, dead=dead, purged=purged)


def audit() -> dict[str, int]:
    """The differences between a full count and the books; empty if they agree. Reads the whole table."""
    books = read_books()
    counted = dict(Event.objects.values_list("state").annotate(Count("id")))
    totals = Tally.objects.aggregate(accepted=Sum("accepted"), purged=Sum("purged"))
    stored = (totals["accepted"] or 0) - (totals["purged"] or 0)
    differences = {
        "done": counted.get(Event.State.DONE, 0) - books.done,
        "stored": sum(counted.values()) - stored,
    }
    return {name: difference for name, difference in differences.items() if difference}
