"""Retention deletes and counts old events; a replay makes finished events pending again."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from apps.events import purge as purging
from apps.events import replay as replaying
from apps.events.accept import Incoming, accept
from apps.events.books import audit, fold, read_books
from apps.events.models import Event, Replay, Tally
from apps.events.purge import purge
from apps.events.replay import replay
from apps.events.work import process
from lib.errors import Permanent

pytestmark = pytest.mark.django_db(transaction=True)

KIND = "item/updated"


def put(event_id, handler=lambda batch: "synced") -> Event:
    accept(Incoming("test", event_id, KIND, event_id, b"{}"))
    process(event_id, KIND, handler)
    return Event.objects.get(event_id=event_id)


def die(batch):
    raise Permanent("no", code="NO")


def age(days: float) -> None:
    Event.objects.exclude(state="pending").update(finished_at=timezone.now() - timedelta(days=days))


def others_wait_for_us() -> bool:
    """Whether another session waits for a lock that this thread's session holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return cursor.fetchone()[0]


def test_finished_events_past_retention_are_deleted_and_counted():
    put("1"), put("2")
    age(31)
    put("3")
    assert purge() == 2
    books = read_books()
    assert (books.accepted, books.done, books.purged) == (3, 1, 2)
    assert books.balanced
    assert audit() == {}


def test_dead_and_pending_events_are_kept_however_old():
    put("dead", die)
    age(400)
    accept(Incoming("test", "pending", KIND, "m", b"{}"))
    Event.objects.update(received_at=timezone.now() - timedelta(days=400))
    assert purge() == 0


def test_a_retention_shorter_than_a_week_is_a_week(settings):
    settings.EVENT_RETENTION_DAYS = 1
    put("1")
    age(6)
    assert purge() == 0
    age(8)
    assert purge() == 1


def test_a_replayed_event_is_purged_and_its_audit_stays():
    event = put("1", die)
    replay([event], actor="ana")
    process("1", KIND, lambda batch: "synced")
    age(31)
    assert purge() == 1
    assert (Replay.objects.get().event_id, Replay.objects.get().actor) == (None, "ana")
    assert audit() == {}


def test_a_purge_leaves_the_replays_of_other_events_alone():
    old, new = put("old", die), put("new", die)
    replay([old, new], actor="ana")
    process("old", KIND, lambda batch: "synced")
    age(31)
    assert purge() == 1
    assert sorted(Replay.objects.values_list("event_id", flat=True), key=str) == [new.pk, None]


def test_a_large_purge_goes_in_batches_oldest_first(monkeypatch):
    """So that a purge that is stopped leaves the youngest."""
    monkeypatch.setattr(purging, "BATCH", 2)
    left = []
    pause = SimpleNamespace(sleep=lambda seconds: left.append((seconds, stored())))
    monkeypatch.setattr(purging, "time", pause)
    for name, days in (("c", 33), ("a", 35), ("e", 31), ("b", 34), ("d", 32)):
        put(name)
        Event.objects.filter(event_id=name).update(finished_at=timezone.now() - timedelta(days=days))
    with connection.cursor() as cursor:
        # The index on finished_at would give the order by chance.
        cursor.execute("SET enable_indexscan = off; SET enable_bitmapscan = off")
    assert purge() == 5
    connection.close()
    assert left == [(purging.PAUSE, "cde"), (purging.PAUSE, "e"), (purging.PAUSE, "")]


def stored() -> str:
    return "".join(sorted(Event.objects.values_list("event_id", flat=True)))


def test_an_event_that_is_being_replayed_is_not_purged(wait_until):
    event = put("1")
    age(31)
    purged = []

    def purge_in_a_session_of_its_own():
        purged.append(purge())
        connection.close()

    purger = threading.Thread(target=purge_in_a_session_of_its_own)
    with transaction.atomic():
        replay([event], actor="ana")
        purger.start()
        # A purge that waited for the replay would delete the event when the replay commits.
        wait_until(lambda: not purger.is_alive() or others_wait_for_us(), what="the end of the purge, or its waiting")
        waited = purger.is_alive()
    purger.join()
    assert (waited, purged) == (False, [0])
    assert Event.objects.get().state == "pending"
    assert read_books().balanced
    assert audit() == {}


def test_a_purge_that_cannot_count_deletes_nothing():
    put("1")
    age(31)
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("LOCK TABLE events_tally IN SHARE MODE")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            purge()
    connection.close()
    assert Event.objects.count() == 1
    assert read_books().balanced
    assert audit() == {}


def test_folding_does_not_change_the_books():
    for n in range(4):
        put(str(n))
    before = read_books()
    assert Tally.objects.count() > 1
    fold()
    assert read_books() == before
    assert Tally.objects.count() == 1
    put("after")
    assert read_books().balanced


def test_folding_an_empty_tally_leaves_it_empty():
    fold()
    assert not Tally.objects.exists()
    assert read_books().balanced


def test_a_replay_rings_when_it_has_committed(monkeypatch):
    event = put("1", die)
    rung = []
    monkeypatch.setattr(replaying.bell, "ring_soon", lambda: rung.append(connection.in_atomic_block))
    replay([event], actor="ana")
    assert rung == [False]


def test_a_redelivered_dead_event_stays_dead():
    put("1", die)
    assert accept(Incoming("test", "1", KIND, "1", b"{}")) == "duplicate"
    assert Event.objects.get().state == "dead"


def test_a_replayed_event_runs_again_and_the_replay_records_who_asked():
    event = put("1", die)
    assert replay([event], actor="ana", reason="fixed") == 1
    audit_row = Replay.objects.get()
    assert (audit_row.actor, audit_row.reason, audit_row.was_state, audit_row.was_error_code) == (
        "ana",
        "fixed",
        "dead",
        "NO",
    )
    assert process("1", KIND, lambda batch: "synced") == "synced"
    event.refresh_from_db()
    assert (event.state, event.error_code) == ("done", "")
    assert read_books().balanced
    assert audit() == {}


def test_a_replayed_event_starts_again_from_its_first_attempt():
    event = put("1", die)
    Event.objects.update(attempts=9, available_at=timezone.now() + timedelta(hours=1))
    replay([event], actor="a" * 200, reason="r" * 300)
    event.refresh_from_db()
    assert (event.state, event.outcome, event.attempts, event.finished_at) == ("pending", "replayed", 0, None)
    assert event.available_at <= timezone.now()
    record = Replay.objects.get()
    assert (record.event, record.kind, record.actor, record.reason) == (event, KIND, "a" * 150, "r" * 200)


def test_the_audit_names_what_the_books_do_not_account_for():
    put("1"), put("2", die)
    Event.objects.filter(event_id="1").delete()
    assert audit() == {"done": -1, "stored": -1}
    Event.objects.filter(event_id="2").delete()
    assert not read_books().balanced
    assert audit() == {"done": -1, "stored": -2}
    Tally.objects.all().delete()
    assert audit() == {}


def test_a_second_replay_of_a_pending_event_does_nothing():
    event = put("1", die)
    assert replay([event], actor="ana") == 1
    assert replay([event], actor="ana") == 0
    assert Replay.objects.count() == 1


def test_of_two_replays_at_once_one_counts(wait_until):
    event = put("1")
    counts = []

    def replay_in_a_session_of_its_own():
        counts.append(replay([event], actor="bia"))
        connection.close()

    second = threading.Thread(target=replay_in_a_session_of_its_own)
    with transaction.atomic():
        assert replay([event], actor="ana") == 1
        second.start()
        wait_until(others_wait_for_us, what="the second replay's waiting")
    second.join()
    assert counts == [0]
    assert Replay.objects.get().actor == "ana"
    assert read_books().balanced


def test_a_purged_event_is_not_replayed():
    event = put("1")
    age(31)
    purge()
    assert replay([event], actor="ana") == 0
    assert not Replay.objects.exists()


def test_a_done_event_can_be_replayed_and_the_books_still_balance():
    event = put("1")
    replay([event], actor="ana")
    assert read_books().balanced
    process("1", KIND, lambda batch: "synced")
    assert read_books().balanced
    assert audit() == {}


def test_replaying_locks_events_in_the_order_in_which_workers_do(monkeypatch):
    events = [put(str(n), die) for n in range(3)]
    locked = []
    replay_one = replaying._replay
    monkeypatch.setattr(replaying, "_replay", lambda pk, *more: locked.append(pk) or replay_one(pk, *more))
    assert replay(reversed(events), actor="ana") == 3
    assert locked == sorted(locked)
