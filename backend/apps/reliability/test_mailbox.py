"""What health and metrics ask of the mailbox costs as much as there is pending, however much is finished."""

import pytest
from django.db import connection

from apps.events.accept import Incoming, accept
from apps.reliability import mailbox
from apps.reliability.mailbox import read_mailbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_empty_mailbox_has_waited_for_nothing():
    found = read_mailbox()
    assert (found.oldest_pending_seconds, found.overdue_seconds) == (0, 0)
    assert found.books.balanced


def test_counting_reads_the_index_of_pending_events_alone():
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN " + mailbox._WAITING)
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "event_due" in plan
    # The one look at the primary key is for the row that was found.
    assert plan.count("events_event_pkey") == 1
    assert "Index Cond: (id = pending.oldest)" in plan


def test_ten_thousand_finished_events_are_not_counted_row_by_row():
    accept(Incoming("test", "1", "item/updated", "m", b"{}"))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_event (source, event_id, kind, mailbox, payload, state, outcome, attempts, error_type,"
            " error_code, depth, finished_at)"
            " SELECT 'test', 'done-' || n, 'k', 'm', '', 'done', '', 0, '', '', 0, now()"
            " FROM generate_series(1, 10000) n"
        )
        cursor.execute("ANALYZE events_event")
    books = read_mailbox().books
    # What the mailbox did not book is not seen: nobody counted rows.
    assert (books.done, books.pending) == (0, 1)
