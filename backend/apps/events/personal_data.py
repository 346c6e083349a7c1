"""What the mailbox holds of clients: payloads. Erasing them keeps the books balanced."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from apps.clients.erasure import Later, mailboxes_of
from apps.clients.personal_data import BATCH, ENDINGS, Columns, register
from apps.events.books import book
from apps.events.discard import discard
from apps.events.models import Event
from apps.events.purge import purge

_DELETE = """
    WITH gone AS MATERIALIZED (
        SELECT id FROM events_event WHERE id = ANY(%s) AND state IN ('done', 'dead') FOR UPDATE SKIP LOCKED
    ), audited AS (
        UPDATE events_replay SET event_id = NULL WHERE event_id IN (SELECT id FROM gone)
    ), deleted AS (
        DELETE FROM events_event WHERE id IN (SELECT id FROM gone) RETURNING state
    )
    SELECT count(*) FILTER (WHERE state = 'done'), count(*) FROM deleted
"""


def pieces(client: UUID) -> Iterator[Any]:
    """The client's events. A vendor's webhook names no client, so those are found by the mailboxes of its items."""
    yield Event._base_manager.filter(client_id=client)
    asked = [box for ending in ENDINGS.values() for box in ending.mailboxes(client)]
    for mailbox in sorted({*asked, *mailboxes_of(client)}):
        for state in Event.State.values:
            # Each state has an index of its own.
            yield Event._base_manager.filter(mailbox=mailbox, state=state, client=None)


def export(event: Event) -> Columns:
    """An event with its payload opened; a payload that is no JSON is in the document as text."""
    names = ("id", "source", "event_id", "kind", "mailbox", "state", "outcome", "received_at", "finished_at")
    columns: Columns = {name: getattr(event, name) for name in names}
    try:
        return {**columns, "payload": event.data}
    except UnicodeDecodeError:
        return {**columns, "payload": event.raw_payload}


def erase(client: UUID) -> int:
    """Delete one batch of the client's events. Raises Later while a worker holds one of them."""
    waiting = 0
    for rows in pieces(client):
        events = list(rows.only("pk", "state", "mailbox")[:BATCH])
        pending = [event for event in events if event.state == Event.State.PENDING]
        # One that waits must first be given up, or a worker would go on with it.
        given_up = discard(pending) if pending else 0
        waiting += len(pending) - given_up
        if deleted := _delete([event.pk for event in events]):
            return deleted
    if waiting:
        raise Later(f"{waiting} events are in work")
    return 0


def _delete(keys: list[int]) -> int:
    if not keys:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DELETE, [keys])
        done, deleted = cursor.fetchone()
        # accepted = done + pending + dead + purged
        book(done=-done, purged=deleted)
    return int(deleted)


register(Event, _("Events"), pieces=pieces, export=export, erase=erase, purge=purge, order=60)
