"""The queries of health and metrics read pending events only, however many events are finished."""

from contextlib import nullcontext

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.events.accept import Incoming, accept
from apps.events.models import Event
from apps.reliability import backlog
from apps.reliability.backlog import read_backlog

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_empty_mailbox_has_waited_zero_seconds():
    state = read_backlog()
    assert (state.oldest_pending_seconds, state.overdue_seconds) == (0, 0)
    assert state.books.balanced


def test_the_count_reads_no_finished_event_while_statistics_still_show_a_burst(analyze, monkeypatch):
    """It reads the indexes of pending and of dead events, and with the primary key the oldest event alone."""
    _fill(finished=1_000, pending=10_000)
    analyze("events_event")
    Event.objects.filter(state="pending").exclude(event_id="e-5000").update(state="done", finished_at=timezone.now())
    monkeypatch.setattr(backlog, "database", nullcontext)
    with transaction.atomic():
        before = _reads()
        read_backlog()
        assert _reads() == (before[0], before[1] + 1)
        transaction.set_rollback(True)  # and with it the setting of the connection, which is not closed here


def test_ten_thousand_finished_events_are_not_counted_row_by_row():
    accept(Incoming("test", "1", "item/updated", "m", b"{}"))
    _fill(finished=10_000, pending=0)
    books = read_backlog().books
    # These rows are not in the tally, so they appear only if the rows are counted.
    assert (books.done, books.pending) == (0, 1)


def _reads() -> tuple[int, int]:
    """How often this connection has read the whole table, and how many rows it has read with the primary key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_get_xact_numscans('events_event'::regclass),"
            " pg_stat_get_xact_tuples_returned('events_event_pkey'::regclass)"
        )
        return cursor.fetchone()


def _fill(finished: int, pending: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_event (source, event_id, kind, mailbox, payload, state, outcome, attempts, error_type,"
            " error_code, depth, finished_at)"
            " SELECT 'test', 'e-' || n, 'k', 'm', '', CASE WHEN n > %s THEN 'pending' ELSE 'done' END, '', 0, '', '',"
            " 0, CASE WHEN n > %s THEN NULL ELSE now() END FROM generate_series(1, %s) n",
            [finished, finished, finished + pending],
        )
