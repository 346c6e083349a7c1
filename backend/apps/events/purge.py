"""Retention: finished events are deleted after a while, in batches that keep nobody waiting, and are counted."""

import time
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from apps.events.books import book
from apps.events.retention import retention

BATCH = 2_000
PAUSE = 0.05  # seconds between batches, for those who accept

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
    """Delete what is past its retention. Dead events stay: somebody has to look at them. Returns how many went."""
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
