"""The one statement that stores events: many rows, each at most once, counted in the books as they go in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.events.kinds import is_handled
from apps.events.models import Event


@dataclass(frozen=True, slots=True)
class Row:
    """One event, sealed and ready to be stored."""

    source: str
    event_id: str
    kind: str
    mailbox: str
    client_id: UUID | None
    payload: bytes
    state: str
    outcome: str
    caused_by: int | None = None
    depth: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What makes it unique."""
        return self.source, self.event_id


def make_row(
    source: str,
    event_id: str,
    kind: str,
    mailbox: str,
    payload: bytes,
    *,
    client_id: UUID | None = None,
    caused_by: int | None = None,
    depth: int = 0,
) -> Row:
    """A row with its payload sealed. A kind that nothing listens to is stored as finished: there is no work in it."""
    state, outcome = (Event.State.PENDING, "") if is_handled(kind) else (Event.State.DONE, "unhandled")
    sealed = Event.seal(source, event_id, payload)
    return Row(source, event_id, kind, mailbox, client_id, sealed, state, outcome, caused_by, depth)


# One multi-row INSERT is one transaction and one flush to disk for everybody who waits. Sorted by key: two groups that
# hold the same events in different order would deadlock.
STORE = """
    WITH incoming AS (
        SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::uuid[], %b::bytea[], %b::text[],
            %b::text[], %b::bigint[], %b::int[])
        AS t (source, event_id, kind, mailbox, client_id, payload, state, outcome, caused_by, depth)
    ), stored AS (
        INSERT INTO events_event (source, event_id, kind, mailbox, client_id, payload, state, outcome, caused_by,
            depth, attempts, error_type, error_code, finished_at)
        SELECT source, event_id, kind, mailbox, client_id, payload, state, outcome, caused_by, depth, 0, '', '',
            CASE WHEN state <> 'pending' THEN now() END
        FROM incoming ORDER BY source, event_id
        ON CONFLICT (source, event_id) DO NOTHING
        RETURNING source, event_id, state
    ), booked AS (
        INSERT INTO events_tally (slot, accepted, done, purged)
        SELECT %b::bigint, count(*), count(*) FILTER (WHERE state = 'done'), 0 FROM stored HAVING count(*) > 0
        ON CONFLICT (slot) DO UPDATE SET accepted = events_tally.accepted + excluded.accepted,
            done = events_tally.done + excluded.done
    )
    SELECT source, event_id FROM stored
"""


def store_parameters(rows: Sequence[Row], slot: int) -> list[Any]:
    """The parameters of STORE: one array a column, rows sorted by key, then the slot of the books to count in."""
    ordered = sorted(rows, key=lambda row: row.key)
    return [
        [row.source for row in ordered],
        [row.event_id for row in ordered],
        [row.kind for row in ordered],
        [row.mailbox for row in ordered],
        [row.client_id for row in ordered],
        [row.payload for row in ordered],
        [row.state for row in ordered],
        [row.outcome for row in ordered],
        [row.caused_by for row in ordered],
        [row.depth for row in ordered],
        slot,
    ]
