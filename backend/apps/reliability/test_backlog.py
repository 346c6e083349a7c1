"""The queries of health and metrics read pending events only, however many events are finished."""

import pytest
from django.db import connection

from apps.events.accept import Incoming, accept
from apps.reliability import backlog
from apps.reliability.backlog import read_backlog

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_empty_mailbox_has_waited_zero_seconds():
    state = read_backlog()
    assert (state.oldest_pending_seconds, state.overdue_seconds) == (0, 0)
    assert state.books.balanced


def test_the_count_reads_only_the_index_of_pending_events(analyze):
    _fill(finished=10_000, pending=200)
    analyze("events_event")
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN " + backlog._WAITING)
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "event_due" in plan
    # The primary key is used only to read the oldest row.
    assert plan.count("events_event_pkey") == 1
    assert "Index Cond: (id = pending.oldest)" in plan


def test_ten_thousand_finished_events_are_not_counted_row_by_row():
    accept(Incoming("test", "1", "item/updated", "m", b"{}"))
    _fill(finished=10_000, pending=0)
    books = read_backlog().books
    # These rows are not in the tally, so they appear only if the rows are counted.
    assert (books.done, books.pending) == (0, 1)


def _fill(finished: int, pending: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_event (source, event_id, kind, mailbox, payload, state, outcome, attempts, error_type,"
            " error_code, depth, finished_at)"
            " SELECT 'test', 'e-' || n, 'k', 'm', '', CASE WHEN n > %s THEN 'pending' ELSE 'done' END, '', 0, '', '',"
            " 0, CASE WHEN n > %s THEN NULL ELSE now() END FROM generate_series(1, %s) n",
            [finished, finished, finished + pending],
        )
