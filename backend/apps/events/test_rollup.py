"""The counts of events by hour: complete, repeatable, with events that were committed late."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.events import rollup
from apps.events.models import Event, Hour
from apps.events.rollup import count_hours, first_id_at

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
NOON = NOW.replace(minute=0)


def put(at: datetime, kind: str = "item/updated", source: str = "pluggy", **more) -> Event:
    number = Event.objects.count()
    return Event.objects.create(
        source=source, event_id=f"e-{number}", kind=kind, mailbox="m", payload=b"", received_at=at, **more
    )


def counts() -> dict:
    return {(row.hour, row.source, row.kind): row.accepted for row in Hour.objects.all()}


def total(hour: datetime) -> int:
    return Hour.objects.get(hour=hour, source="", kind="").accepted


def test_each_hour_is_counted_by_kind_and_in_all():
    put(NOW - timedelta(hours=2)), put(NOW), put(NOW, "item/error"), put(NOW, "x", "ponte")
    assert count_hours(NOW) == 3
    assert counts() == {
        (NOON - timedelta(hours=2), "pluggy", "item/updated"): 1,
        (NOON - timedelta(hours=2), "", ""): 1,
        (NOON - timedelta(hours=1), "", ""): 0,
        (NOON, "pluggy", "item/updated"): 1,
        (NOON, "pluggy", "item/error"): 1,
        (NOON, "ponte", "x"): 1,
        (NOON, "", ""): 3,
    }


def test_a_second_run_changes_nothing():
    put(NOW - timedelta(hours=1)), put(NOW)
    count_hours(NOW)
    before = counts()
    count_hours(NOW)
    assert counts() == before


def test_an_event_that_was_committed_late_and_out_of_order_is_in_the_next_count():
    put(NOON - timedelta(minutes=5)), put(NOON + timedelta(minutes=5))
    count_hours(NOW)
    # Its transaction began before, so its time is older than that of the event with the lower id.
    put(NOON - timedelta(minutes=4))
    count_hours(NOW)
    assert total(NOON - timedelta(hours=1)) == 2
    assert total(NOON) == 1


def test_dead_events_are_counted_apart():
    put(NOW, state="dead", finished_at=NOW), put(NOW)
    count_hours(NOW)
    assert Hour.objects.get(kind="item/updated").dead == 1


def test_the_first_run_stops_after_a_while_and_the_next_goes_on(monkeypatch):
    put(NOW - timedelta(hours=5)), put(NOW)
    ticks = iter(range(1000))
    monkeypatch.setattr(rollup.time, "monotonic", lambda: next(ticks))
    monkeypatch.setattr(rollup, "PATIENCE", 0)
    assert count_hours(NOW) == rollup.LEAST
    for _ in range(6):
        count_hours(NOW)
    assert total(NOON) == 1
    assert Hour.objects.filter(kind="").count() == 6


def test_the_counts_outlive_the_events():
    put(NOW - timedelta(hours=9)), put(NOW)
    count_hours(NOW)
    Event.objects.all().delete()
    count_hours(NOW)
    assert total(NOON - timedelta(hours=9)) == 1


def test_without_events_nothing_is_counted():
    assert count_hours(NOW) == 0


def test_the_search_for_the_first_id_finds_it():
    ids = [put(NOW + timedelta(minutes=minute)).pk for minute in range(50)]
    Event.objects.filter(pk__in=ids[20:30]).delete()
    assert first_id_at(NOW + timedelta(minutes=10)) == ids[10]
    assert ids[19] < first_id_at(NOW + timedelta(minutes=25)) <= ids[30]
    assert first_id_at(NOW - timedelta(days=1)) == ids[0]
    assert first_id_at(NOW + timedelta(days=1)) > ids[-1]
