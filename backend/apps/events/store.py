"""The one statement that stores events: many rows, each at most once, counted in the same transaction."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from apps.events.kinds import UNHANDLED, is_handled
from apps.events.models import Event


@dataclass(frozen=True, slots=True)
class Row:
    """One event to store. `payload` is still plain: encrypting a whole group at once costs less."""

    source: str
    event_id: str
    kind: str
    mailbox: str
    client_id: UUID | None
    payload: bytes = field(repr=False)
    state: str
    outcome: str
    caused_by: int | None
    depth: int
    token_member: UUID | None

    @property
    def key(self) -> tuple[str, str]:
        """The pair that identifies the event."""
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
    token_member: UUID | None = None,
) -> Row:
    """A row to store. An event whose kind has no handler is stored as done, `unhandled`."""
    state, outcome = (Event.State.PENDING, "") if is_handled(kind) else (Event.State.DONE, UNHANDLED)
    return Row(source, event_id, kind, mailbox, client_id, payload, state, outcome, caused_by, depth, token_member)


# One multi-row INSERT is one transaction and one flush to disk for the whole group. The rows are sorted by key, because
# two groups with the same events in different order would deadlock. They are sent as one JSON text, because building an
# array for each column costs the client several times more than parsing JSON costs the server.
STORE = """
    WITH incoming AS (
        SELECT * FROM json_to_recordset(%s::json) AS t (source text, event_id text, kind text, mailbox text,
            client_id uuid, payload text, state text, outcome text, caused_by bigint, depth int,
            token_member uuid)
    ), stored AS (
        INSERT INTO events_event (source, event_id, kind, mailbox, client_id, payload, state, outcome, caused_by,
            depth, token_member, attempts, error_type, error_code, finished_at)
        SELECT source, event_id, kind, mailbox, client_id, decode(payload, 'base64'), state, outcome, caused_by,
            depth, token_member, 0, '', '', CASE WHEN state <> 'pending' THEN now() END
        FROM incoming ORDER BY source, event_id
        ON CONFLICT (source, event_id) DO NOTHING
        RETURNING source, event_id, state
    ), booked AS (
        INSERT INTO events_tally (slot, accepted, done, purged)
        SELECT %s::bigint, count(*), count(*) FILTER (WHERE state = 'done'), 0 FROM stored HAVING count(*) > 0
        ON CONFLICT (slot) DO UPDATE SET accepted = events_tally.accepted + excluded.accepted,
            done = events_tally.done + excluded.done
    )
    SELECT source, event_id FROM stored
"""


def store_parameters(rows: Sequence[Row], slot: int) -> list[str | int]:
    """The parameters of STORE: the rows, and the slot of the tally row that counts them."""
    return [json.dumps([_as_json(row) for row in rows]), slot]


def _as_json(row: Row) -> dict[str, str | int | None]:
    return {
        "source": row.source,
        "event_id": row.event_id,
        "kind": row.kind,
        "mailbox": row.mailbox,
        "client_id": str(row.client_id) if row.client_id else None,
        "payload": b64encode(Event.seal(row.source, row.event_id, row.payload)).decode(),
        "state": row.state,
        "outcome": row.outcome,
        "caused_by": row.caused_by,
        "depth": row.depth,
        "token_member": str(row.token_member) if row.token_member else None,
    }
