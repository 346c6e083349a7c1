"""Retention: delete old done events in small batches, and count them in the books."""

import time
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from apps.events.books import book
from apps.events.retention import retention

BATCH = 2_000
PAUSE = 0.05  # seconds between batches, so that new events are accepted meanwhile

_DELETE = """
    WITH old AS MATERIALIZED (
        SELECT id FROM events_event WHERE state = 'done' AND finished_at < %s
        ORDER BY finished_at LIMIT %s FOR UPDATE SKIP LOCKED
    ), audited AS (
        UPDATE events_replay SET event_id = NULL WHERE event_id IN (SELECT id FROM old)
    )
    DELETE FROM events_event WHERE id IN (SELECT id FROM old)
"""


def purge() -> int:
    """Delete the done events past the retention and return their number. Dead events stay until they are replayed."""
    before = timezone.now() - retention()
    total = 0
    while deleted := _purge_batch(before):
        total += deleted
        time.sleep(PAUSE)
    return total


def _purge_batch(before: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DELETE, [before, BATCH])
        deleted: int = cursor.rowcount
        book(done=-deleted, purged=deleted)
    return deleted
