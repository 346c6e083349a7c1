"""The end of runs that succeeded: their events are done and booked, their mailboxes free, in one statement."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.events.kinds import rules_of
from apps.events.lease import Lease, LeaseLost, as_columns
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
        WHERE %(strict)s AND mailbox = ANY(%(mailboxes)s) AND kind = %(kind)s AND state = 'pending'
            AND id <> ALL(%(events)s) AND available_at > statement_timestamp() AND outcome = ANY(%(ready)s)
    )
    UPDATE events_mailbox AS mailbox SET token = mailbox.token + 1, lease_until = to_timestamp(0),
        rung_at = to_timestamp(0)
    FROM unnest(%(keys)s::text[], %(tokens)s::bigint[]) AS lease (key, token)
    WHERE mailbox.key = lease.key AND mailbox.token = lease.token
"""


def finish(leases: Sequence[Lease], events: Sequence[Event], outcome: str) -> None:
    """Finish the events of one kind, and release their mailboxes, in the caller's fenced transaction.

    Raises LeaseLost.
    """
    if not events:
        return
    values: dict[str, Any] = {
        "events": [event.pk for event in events],
        "outcome": outcome[:40],
        "now": timezone.now(),
        "strict": rules_of(events[0].kind).strict,
        "mailboxes": [lease.key for lease in leases],
        "kind": events[0].kind,
        "ready": list(READY),
        **as_columns(leases),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, values)
        if cursor.rowcount < len(leases):
            raise LeaseLost(leases[0].key)
