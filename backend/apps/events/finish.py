"""The end of a run that succeeded: its events are done and booked, its mailbox is free, in one statement."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.events.kinds import rules_of
from apps.events.lease import Lease, LeaseLost
from apps.events.models import Event
from apps.events.order import READY

# An event that was discarded meanwhile is not finished again. What waited for these events in strict order is due now.
_FINISH = """
    WITH finished AS (
        UPDATE events_event
        SET state = 'done', outcome = %(outcome)s, finished_at = %(now)s, error_type = '', error_code = ''
        WHERE id = ANY(%(events)s) AND state = 'pending'
        RETURNING id
    ), booked AS (
        INSERT INTO events_tally (slot, accepted, done, purged)
        SELECT -floor(random() * 9e18)::bigint - 1, 0, count(*), 0 FROM finished HAVING count(*) > 0
    ), released AS (
        UPDATE events_event SET available_at = statement_timestamp()
        WHERE %(strict)s AND mailbox = %(mailbox)s AND kind = %(kind)s AND state = 'pending'
            AND id <> ALL(%(events)s) AND available_at > statement_timestamp() AND outcome = ANY(%(ready)s)
    )
    UPDATE events_mailbox SET token = token + 1, lease_until = to_timestamp(0), rung_at = to_timestamp(0)
    WHERE key = %(key)s AND token = %(token)s
"""


def finish(lease: Lease, events: Sequence[Event], outcome: str) -> None:
    """Finish the events of one kind, in the caller's fenced transaction. Raises LeaseLost."""
    first = events[0]
    values: dict[str, Any] = {
        "events": [event.pk for event in events],
        "outcome": outcome[:40],
        "now": timezone.now(),
        "strict": rules_of(first.kind).strict,
        "mailbox": first.mailbox,
        "kind": first.kind,
        "ready": list(READY),
        "key": lease.key,
        "token": lease.token,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, values)
        if cursor.rowcount == 0:
            raise LeaseLost(lease.key)
