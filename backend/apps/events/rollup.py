"""Count the events of each hour, so that no page has to count millions.

A run counts whole hours again and writes the result, so it may run twice, and at any time. The last hours are counted
in each run: an event that was committed late is in the next count. The first run begins with the oldest event and stops
after a while; the next ones go on.

There is no index by time, which each accepted event would have to pay for. Ids rise with time, but for transactions
that committed late, so a binary search over ids finds where an hour begins.
"""

import time
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from apps.events.models import Event, Hour

HOUR = timedelta(hours=1)
# Longer than any transaction that stores an event: a task ends after 16 minutes.
LATE = timedelta(hours=1)
# Seconds of one run.
PATIENCE = 20.0
# Hours of one run, however long they take: the two that are counted again, and one more.
LEAST = 3
# How far ids may be out of order.
SLACK = timedelta(minutes=20)

_FIRST = """
    SELECT id, received_at FROM events_event WHERE id >= %s ORDER BY id LIMIT 1
"""
_COUNT = """
    INSERT INTO events_hour (hour, source, kind, accepted, dead)
    SELECT %(hour)s, coalesce(source, ''), coalesce(kind, ''), count(*), count(*) FILTER (WHERE state = 'dead')
    FROM events_event
    WHERE id >= %(low)s AND id < %(high)s AND received_at >= %(hour)s AND received_at < %(end)s
    GROUP BY GROUPING SETS ((source, kind), ())
    ON CONFLICT (hour, source, kind) DO UPDATE SET accepted = excluded.accepted, dead = excluded.dead
"""


def count_hours(now: datetime | None = None) -> int:
    """Count the hours that may have changed, oldest first, for PATIENCE seconds. Returns how many were counted."""
    now = now or timezone.now()
    hour = _begin(now)
    deadline, counted = time.monotonic() + PATIENCE, 0
    while hour is not None and hour <= now and (counted < LEAST or time.monotonic() < deadline):
        _count(hour)
        hour, counted = hour + HOUR, counted + 1
    return counted


def _begin(now: datetime) -> datetime | None:
    """The first hour to count: the last one that was, and one before it; the oldest event's; None without events."""
    last = Hour.objects.filter(kind="", source="").aggregate(last=Max("hour"))["last"]
    if last is not None:
        return min(whole_hour(last), whole_hour(now)) - LATE
    oldest = Event.objects.aggregate(oldest=Min("pk"))["oldest"]
    if oldest is None:
        return None
    return whole_hour(Event.objects.values_list("received_at", flat=True).get(pk=oldest))


def whole_hour(moment: datetime) -> datetime:
    """The hour in which a moment lies."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _count(hour: datetime) -> None:
    values = {"hour": hour, "end": hour + HOUR}
    with transaction.atomic(), connection.cursor() as cursor:
        low, high = first_id_at(hour - SLACK), first_id_at(hour + HOUR + SLACK)
        cursor.execute(_COUNT, {**values, "low": low, "high": high})


def first_id_at(moment: datetime) -> int:
    """An id before which no event was received at `moment` or later, but for SLACK. Reads some 25 keys."""
    bounds = Event.objects.aggregate(low=Min("pk"), high=Max("pk"))
    low, high = bounds["low"] or 0, (bounds["high"] or 0) + 1
    with connection.cursor() as cursor:
        while low < high:
            middle = (low + high) // 2
            cursor.execute(_FIRST, [middle])
            found = cursor.fetchone()
            if found is None or found[1] >= moment:
                high = middle
            else:
                low = found[0] + 1
    return low
