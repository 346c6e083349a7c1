"""Ringing: every mailbox with due events gets its task, however many bells were lost."""

import base64
import json
import threading
import time
from datetime import datetime, timedelta

import psycopg
import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from apps.events import bell, ring
from apps.events.accept import Incoming, accept
from apps.events.kinds import Rules
from apps.events.lease import claim
from apps.events.models import Event, Mailbox
from apps.events.tasks import sweep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


def put(event_id, kind="item/updated", mailbox="m") -> None:
    accept(Incoming("test", event_id, kind, mailbox, b"{}"))


def test_each_mailbox_gets_the_task_of_its_oldest_event_in_that_tasks_queue(broker):
    put("1", "item/updated", "a"), put("2", "item/deleted", "a"), put("3", "item/deleted", "b")
    assert ring.ring() == 2
    assert broker.llen("sync") == 1
    assert b"process_item_updated" in broker.lindex("sync", 0)
    assert b"process_item_deleted" in b"".join(broker.lrange("quick", 0, -1))


def test_a_mailbox_that_was_rung_is_not_rung_again_until_its_message_is_void():
    put("1")
    assert ring.ring() == 1
    assert ring.ring() == 0
    Mailbox.objects.update(rung_at=timezone.now() - timedelta(seconds=ring.RUNG_FOR + 1))
    assert ring.ring() == 1


def test_a_mailbox_that_a_worker_holds_is_not_rung():
    put("1")
    claim("m")
    assert ring.ring() == 0


def test_a_mailbox_whose_worker_died_is_rung_when_its_lease_expires():
    put("1")
    claim("m")
    Mailbox.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert ring.ring() == 1


def test_an_event_that_is_due_later_is_not_rung():
    put("1")
    Event.objects.update(available_at=timezone.now() + timedelta(hours=1))
    assert ring.ring() == 0


def test_at_most_the_limit_of_messages_is_in_the_broker(monkeypatch):
    monkeypatch.setattr(ring, "RUNG_LIMIT", 3)
    for n in range(5):
        put(str(n), mailbox=f"m-{n}")
    assert ring.ring() == 3
    assert ring.ring() == 0
    claim("m-0"), claim("m-1")
    assert ring.ring() == 2


def test_a_mailbox_with_many_events_gets_one_message(monkeypatch):
    monkeypatch.setattr(ring, "RUNG_LIMIT", 2)
    for n in range(50):
        put(f"noisy-{n}", mailbox="noisy")
    put("quiet", mailbox="quiet")
    assert ring.ring() == 2


def test_mailboxes_without_a_worker_do_not_keep_others_from_being_rung(monkeypatch, broker):
    monkeypatch.setattr(ring, "RUNG_LIMIT", 3)
    for n in range(3):
        put(str(n), mailbox=f"unread-{n}")
    ring.ring()
    put("quick", "item/error", mailbox="quick")
    later = timedelta(seconds=ring.RUNG_FOR + 1)
    # The other mailboxes were rung before this one had an event, so they come first once more.
    for _ in range(2):
        Mailbox.objects.update(rung_at=F("rung_at") - later)
        Event.objects.update(available_at=F("available_at") - later)
        ring.ring()
    # The test looks for one message and does not count them, because a bell is a message too.
    assert b"process_item_error" in b"".join(broker.lrange("quick", 0, -1))


def test_a_mailbox_locked_in_a_long_write_does_not_keep_others_from_being_rung():
    put("1", mailbox="locked")
    ring.ring()
    past = timezone.now() - timedelta(minutes=1)
    Mailbox.objects.update(lease_until=past, rung_at=past)
    put("2", mailbox="other")
    with psycopg.connect(**connection.get_connection_params()) as writer:
        writer.execute("UPDATE events_mailbox SET lease_until = now() + interval '45 s' WHERE key = 'locked'")
        assert ring.ring() == 1
        writer.rollback()
    assert Mailbox.objects.get(key="other").rung_at > past


def test_a_mailbox_without_due_events_is_not_locked():
    put("1", mailbox="idle"), put("2", mailbox="due")
    ring.ring()
    past = timezone.now() - timedelta(minutes=1)
    Mailbox.objects.update(lease_until=past, rung_at=past)
    Event.objects.filter(mailbox="idle").update(available_at=timezone.now() + timedelta(hours=1))
    with psycopg.connect(**connection.get_connection_params()) as worker, transaction.atomic():
        assert ring._stamp_due() == [("due", "item/updated")]
        worker.execute("SELECT FROM events_mailbox WHERE key = 'idle' FOR UPDATE NOWAIT")
        worker.rollback()


def test_the_oldest_event_is_rung_for_first():
    put("1", mailbox="z"), put("2", mailbox="a"), put("3", mailbox="m")
    Event.objects.filter(event_id="3").update(available_at=timezone.now() - timedelta(minutes=1))
    assert [mailbox for mailbox, _ in ring._stamp_due()] == ["z", "a", "m"]


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a")])
def test_with_room_for_one_message_the_mailbox_that_has_waited_longest_gets_it(first, second, monkeypatch):
    """A later event of a mailbox does not send it to the end."""
    monkeypatch.setattr(ring, "RUNG_LIMIT", 1)
    for event_id, mailbox, minutes in (("1", second, 1), ("2", first, 2), ("3", first, 0)):
        put(event_id, mailbox=mailbox)
        Event.objects.filter(event_id=event_id).update(available_at=timezone.now() - timedelta(minutes=minutes))
    assert ring._stamp_due() == [(first, "item/updated")]


def test_a_message_names_its_mailbox(broker):
    put("1", mailbox="pluggy:item:1")
    ring.ring()
    arguments, _, _ = json.loads(base64.b64decode(json.loads(broker.lindex("sync", 0))["body"]))
    assert arguments == ["pluggy:item:1"]


def test_a_ring_answers_the_bell(wait_until, monkeypatch):
    monkeypatch.setattr(bell, "UNANSWERED_FOR", 3600)

    def rings_again():
        ring.ring()
        return bell.ring_now()

    # An event of an earlier test may still ring from the bell's thread, once, at any time.
    bell.ring_now()
    assert not bell.ring_now()
    wait_until(rings_again)


def test_a_broker_that_goes_away_during_a_ring_is_logged_and_raises_nothing(monkeypatch, caplog):
    put("1", mailbox="a"), put("2", mailbox="b")
    sent = []

    def send(kind, mailboxes, *, producer):
        sent.append(mailboxes)
        raise redis.ConnectionError

    monkeypatch.setattr(ring, "send", send)
    assert ring.ring() == 2
    assert sent == [["a"]]
    assert "The broker went away" in caplog.text


def test_mailboxes_that_may_run_together_are_dealt_out_evenly_and_others_have_a_task_each(settings):
    settings.EVENT_TASKS = {"letter": ("process_letter", "quick"), "item": ("process_item", "quick")}
    settings.EVENT_RULES = {"letter": Rules(batch=1, together=4), "lost": Rules(batch=1, together=4)}
    due = [("x:1", "letter"), ("y:1", "letter"), ("x:i", "item"), ("x:j", "item"), ("x:2", "letter"), ("x:3", "letter")]
    assert ring.in_tasks(due) == [
        ("letter", ["x:1", "x:2", "x:3"]),
        ("letter", ["y:1"]),
        ("item", ["x:i"]),
        ("item", ["x:j"]),
    ]
    many = ring.in_tasks((f"x:{number}", "letter") for number in range(9))
    assert [len(mailboxes) for _, mailboxes in many] == [3, 3, 3]
    # No task takes several mailboxes of a kind without a handler.
    assert len(ring.in_tasks([("x:1", "lost"), ("x:2", "lost")])) == 2


def test_a_little_room_in_the_broker_is_filled_with_whole_tasks(settings):
    settings.EVENT_TASKS = {"letter": ("process_letter", "quick")}
    settings.EVENT_RULES = {"letter": Rules(batch=1, together=3)}
    for room, boxes in ((12, [0, 1, 2, 3]), (7, [0, 1]), (6, [0, 1]), (2, []), (0, [])):
        due = [(f"box-{number % 4}:{number}", "letter", number, room) for number in range(12)]
        assert ring._choose(due) == [f"box-{box}:{number}" for box in boxes for number in range(box, 12, 4)]


def test_one_process_rings_at_a_time(wait_until):
    put("1")
    rung = []

    def ring_in_a_session_of_its_own():
        rung.append(ring.ring())
        connection.close()

    second = threading.Thread(target=ring_in_a_session_of_its_own)
    with psycopg.connect(**connection.get_connection_params()) as first:
        first.execute("SELECT pg_advisory_xact_lock(%s)", [ring._RINGING])
        second.start()
        waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        wait_until(lambda: first.execute(waiting).fetchone(), what="the second ring's waiting")
        assert rung == []
        first.rollback()
    second.join()
    assert rung == [1]


def test_a_ring_waits_at_most_two_seconds_for_a_mailbox_that_is_being_created():
    put("1", mailbox="new")
    with psycopg.connect(**connection.get_connection_params()) as worker:
        worker.execute("INSERT INTO events_mailbox (key, token) VALUES ('new', 1)")
        with connection.cursor() as cursor:
            # Without its own limit the ring would wait until this one.
            cursor.execute("SET statement_timeout = '20s'")
        with pytest.raises(OperationalError, match="lock timeout"):
            ring.ring()
        worker.rollback()
    connection.close()
    assert ring.ring() == 1


def test_the_sweep_rings_for_everything_after_the_broker_was_wiped(broker):
    for n in range(4):
        put(str(n), mailbox=f"m-{n}")
    ring.ring()
    broker.flushdb()
    Mailbox.objects.update(rung_at=timezone.now() - timedelta(seconds=ring.RUNG_FOR + 1))
    sweep()
    assert broker.llen("sync") == 4


def test_a_message_that_no_worker_takes_becomes_void(broker):
    """As long as its mailbox counts as rung, and no longer: an old message would run beside the new one."""
    before = timezone.now()
    ring.send("item/updated", ["m"])
    bell.ring_now()
    void = {queue: json.loads(broker.lindex(queue, 0))["headers"]["expires"] for queue in ("sync", "quick")}
    for queue, seconds in (("sync", ring.RUNG_FOR), ("quick", bell.UNANSWERED_FOR)):
        expiry = datetime.fromisoformat(void[queue])
        assert before + timedelta(seconds=seconds) <= expiry <= timezone.now() + timedelta(seconds=seconds)


def test_at_most_one_unanswered_bell_is_in_the_broker(broker):
    assert [bell.ring_now() for _ in range(5)] == [True, False, False, False, False]
    assert broker.llen("quick") == 1
    bell.answered()
    assert bell.ring_now()


def test_a_bell_whose_thread_has_died_starts_another_that_ends_with_the_process():
    own, end = bell.Bell(), threading.Event()
    own._run = end.wait
    own._thread = dead = threading.Thread(target=lambda: None)
    dead.start(), dead.join()
    own.ring_soon()
    assert own._thread is not dead
    assert own._thread.is_alive()
    assert own._thread.daemon
    end.set()


def test_a_bell_rings_at_once_and_again_at_each_time_that_was_asked_for(monkeypatch, wait_until):
    own, rung, start = bell.Bell(), [], time.monotonic()
    monkeypatch.setattr(bell, "ring_now", lambda: rung.append(time.monotonic() - start) or True)
    for seconds in (0.5, 0.2, bell.LATEST + 1):
        own.ring_in(seconds)
    assert own._rest() <= 0.2 + bell.BEHIND
    wait_until(lambda: not own._later)
    wait_until(lambda: rung[-1] >= 0.5 + bell.BEHIND)
    # At once, perhaps in parts, and at the two times.
    assert 2 <= len(rung) <= 5
    assert own._rest() is None


def test_a_bell_that_forgot_its_plans_rings_for_what_it_is_asked_alone(monkeypatch, wait_until):
    own, rung = bell.Bell(), []
    monkeypatch.setattr(bell, "ring_now", lambda: rung.append(True) or True)
    own.ring_in(0.1)
    wait_until(lambda: rung)
    own.forget()
    before = len(rung)
    own._wanted.wait(0.3)
    assert len(rung) == before
    own.ring_soon()
    wait_until(lambda: len(rung) == before + 1)


def test_an_unreachable_broker_is_logged_once_and_raises_nothing(settings, caplog, wait_until):
    settings.CACHES = {name: {**cache, "LOCATION": "redis://127.0.0.1:1/0"} for name, cache in settings.CACHES.items()}
    own = bell.Bell()
    for _ in range(5):
        own.ring_soon()
        wait_until(lambda: not own._wanted.is_set(), 5)
    wait_until(lambda: "The broker cannot be reached" in caplog.text, 5)
    assert caplog.text.count("The broker cannot be reached") == 1


def test_every_task_of_event_tasks_exists():
    current_app.loader.import_default_modules()
    names = {task for task, _ in settings.EVENT_TASKS.values()}
    assert names <= set(current_app.tasks)


def test_an_event_whose_kind_lost_its_handler_is_rung_for_the_task_that_finishes_it(settings, broker):
    put("1")
    put("2", "a/kind-of-tomorrow", mailbox="other")
    assert Event.objects.get(event_id="2").outcome == "unhandled"
    settings.EVENT_TASKS = {}
    assert ring.ring() == 1
    (message,) = [message for message in broker.lrange("quick", 0, -1) if b"events.ring" not in message]
    assert json.loads(message)["headers"]["task"] == "process_unhandled"
    assert "process_unhandled" in current_app.tasks


def test_the_search_for_due_events_reads_no_finished_event(analyze):
    """With many finished rows, the planner chooses the partial indexes for the ring and for the claim."""
    _fill(finished=20_000, pending=200)
    analyze("events_event")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # as the ring does
        for statement, parameters in (
            (ring._DUE, {"rung_for": 15, "limit": 500}),
            ("SELECT id FROM events_event WHERE mailbox = 'm-3' AND state = 'pending' ORDER BY id LIMIT 1", {}),
        ):
            cursor.execute("EXPLAIN (FORMAT TEXT) " + statement, parameters)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on events_event" not in plan, plan


def test_the_search_reads_no_finished_event_while_statistics_still_show_a_burst(analyze):
    """After a burst, PostgreSQL believes for some minutes that most events are pending, and would read all."""
    _fill(finished=2_000, pending=20_000)
    analyze("events_event")
    Event.objects.filter(state="pending").exclude(mailbox="m-3").update(state="done", finished_at=timezone.now())
    with transaction.atomic():
        before = _full_reads()
        assert ring._stamp_due() == [("m-3", "item/updated")]
        assert _full_reads() == before


def _full_reads() -> int:
    """How often this connection has read the whole table of events."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_xact_numscans('events_event'::regclass)")
        return cursor.fetchone()[0]


def _fill(finished: int, pending: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO events_event (source, event_id, kind, mailbox, payload, state, outcome, attempts, error_type,
                error_code, depth, finished_at)
            SELECT 't', n::text, 'item/updated', 'm-' || n %% 1000, '', CASE WHEN n > %s THEN 'pending' ELSE 'done' END,
                '', 0, '', '', 0, CASE WHEN n > %s THEN NULL ELSE now() END
            FROM generate_series(1, %s) n
            """,
            [finished, finished, finished + pending],
        )
