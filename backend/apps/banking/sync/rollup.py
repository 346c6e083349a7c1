"""Count the syncs of each hour and the connections by state, so that no page has to count millions.

As in apps/events/rollup.py: whole hours are counted again and the result is written, so a run may be repeated. The last
hours are counted in each run, because a sync may end after the hour in which it began.
"""

import time
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from apps.banking.models import SyncHour, SyncRun
from apps.events.rollup import HOUR, LATE, LEAST, PATIENCE, whole_hour
from lib.row_security import for_system

_SYNCS = """
    INSERT INTO banking_synchour (hour, connector, state, error_type, runs, seconds)
    SELECT %(hour)s, coalesce(item.connector_id, 0), coalesce(run.state, ''), coalesce(run.error_type, ''), count(*),
        coalesce(sum(extract(epoch FROM run.finished_at - run.started_at)), 0)
    FROM banking_syncrun AS run JOIN banking_connection AS item ON item.id = run.connection_id
    WHERE run.started_at >= %(hour)s AND run.started_at < %(end)s
    GROUP BY GROUPING SETS ((item.connector_id, run.state, run.error_type), ())
"""
_CONNECTIONS = """
    INSERT INTO banking_connectionhour (hour, state, connections)
    SELECT %(hour)s, state, count(*) FROM banking_connection GROUP BY state
"""


@for_system("rollups")
def count_hours(now: datetime | None = None) -> int:
    """Count the hours that may have changed, oldest first, for PATIENCE seconds. Returns how many were counted."""
    now = now or timezone.now()
    _count_connections(whole_hour(now))
    hour = _begin(now)
    deadline, counted = time.monotonic() + PATIENCE, 0
    while hour is not None and hour <= now and (counted < LEAST or time.monotonic() < deadline):
        _count(hour)
        hour, counted = hour + HOUR, counted + 1
    return counted


def _begin(now: datetime) -> datetime | None:
    last = SyncHour.objects.filter(state="").aggregate(last=Max("hour"))["last"]
    if last is not None:
        return min(whole_hour(last), whole_hour(now)) - LATE
    oldest = SyncRun.objects.aggregate(oldest=Min("started_at"))["oldest"]
    return whole_hour(oldest) if oldest else None


def _count(hour: datetime) -> None:
    # A run changes its state from "running" to its result, so the rows of an hour are replaced and not merged.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('banking_synchour'))")
        SyncHour.objects.filter(hour=hour).delete()
        cursor.execute(_SYNCS, {"hour": hour, "end": hour + timedelta(hours=1)})


def _count_connections(hour: datetime) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('banking_connectionhour'))")
        cursor.execute("DELETE FROM banking_connectionhour WHERE hour = %s", [hour])
        cursor.execute(_CONNECTIONS, {"hour": hour})
