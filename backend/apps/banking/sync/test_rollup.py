"""The counts of syncs by hour and of connections by state."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.banking.factories import ConnectionFactory, ConnectorFactory, SyncRunFactory
from apps.banking.models import ConnectionHour, SyncHour, SyncRun
from apps.banking.sync.rollup import count_hours

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
NOON = NOW.replace(minute=0)


def run(at: datetime, connection, state: str = "done", error: str = "", seconds: int = 3) -> SyncRun:
    return SyncRunFactory(
        connection=connection,
        state=state,
        error_type=error,
        started_at=at,
        finished_at=None if state == "running" else at + timedelta(seconds=seconds),
    )


def rows() -> set:
    return {
        (row.hour, row.connector, row.state, row.error_type, row.runs, row.seconds) for row in SyncHour.objects.all()
    }


def test_syncs_are_counted_by_institution_result_and_kind_of_error():
    bank = ConnectorFactory()
    connection, other = ConnectionFactory(connector=bank), ConnectionFactory()
    run(NOW, connection), run(NOW, connection), run(NOW, other, "failed", "bank_maintenance", 5)
    assert count_hours(NOW) == 1
    assert rows() == {
        (NOON, bank.pk, "done", "", 2, 6),
        (NOON, 0, "failed", "bank_maintenance", 1, 5),
        (NOON, 0, "", "", 3, 11),
    }


def test_a_run_that_ends_in_the_next_hour_changes_the_count_of_the_one_in_which_it_began():
    connection = ConnectionFactory()
    row = run(NOW, connection, "running")
    count_hours(NOW)
    assert (NOON, 0, "running", "", 1, 0) in rows()
    SyncRun.objects.filter(pk=row.pk).update(state="done", finished_at=NOW + timedelta(minutes=40))
    count_hours(NOW + timedelta(hours=1))
    assert (NOON, 0, "done", "", 1, 2400) in rows()
    assert not SyncHour.objects.filter(state="running").exists()


def test_a_second_run_changes_nothing():
    run(NOW - timedelta(hours=3), ConnectionFactory())
    assert count_hours(NOW) == 4
    before = rows()
    count_hours(NOW)
    assert rows() == before
    assert SyncHour.objects.filter(state="").count() == 4


def test_connections_are_counted_by_state():
    ConnectionFactory(), ConnectionFactory(), ConnectionFactory(state="needs_user")
    count_hours(NOW)
    count_hours(NOW)
    assert dict(ConnectionHour.objects.values_list("state", "connections")) == {"active": 2, "needs_user": 1}
