"""Counts of connections and syncs, and the age of the schedule, for the metrics."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Max
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from apps.banking.models import Connection, SyncRun
from apps.reliability.connections import database
from lib.row_security import for_system

DAY = timedelta(days=1)


@dataclass(frozen=True)
class SyncFigures:
    """`syncs`: of the last day, by (result, error type). `schedule_seconds`: since beat wrote what it sent."""

    connections: dict[str, int]
    syncs: dict[tuple[str, str], int]
    schedule_seconds: float | None


@for_system("metrics")
def read_sync_figures() -> SyncFigures:
    """Count. Raises Django's database errors."""
    with database():
        return SyncFigures(_connections(), _syncs(), _schedule_seconds())


def _connections() -> dict[str, int]:
    counted = dict(Connection.objects.values_list("state").annotate(Count("id")))
    return {str(state): counted.get(state, 0) for state in Connection.State.values}


def _syncs() -> dict[tuple[str, str], int]:
    recent = SyncRun.objects.filter(started_at__gt=timezone.now() - DAY)
    rows = recent.values_list("state", "error_type").annotate(Count("id"))
    return {(state, error_type): number for state, error_type, number in rows}


def _schedule_seconds() -> float | None:
    last = PeriodicTask.objects.filter(enabled=True).aggregate(last=Max("last_run_at"))["last"]
    return max(0.0, (timezone.now() - last).total_seconds()) if last else None
