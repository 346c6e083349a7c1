"""Emitting a domain event: a row in the mailbox, in the same transaction as the change that it announces."""

import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.events.accept import accept_here
from apps.events.models import Event
from apps.events.store import Row, make_row
from lib.sealed import encode

SOURCE = "ponte"
# An event can cause an event, and so on. A chain longer than this is taken for a loop.
DEPTH_LIMIT = 8


class TooDeep(RuntimeError):
    """A chain of events that cause one another is longer than DEPTH_LIMIT."""


def emit(
    kind: str,
    *,
    mailbox: str,
    client: UUID | None,
    payload: dict[str, Any],
    caused_by: Event | None = None,
) -> None:
    """Store a domain event in the caller's transaction, so that it commits with the change that it announces."""
    emit_all([domain_event(kind, mailbox=mailbox, client=client, payload=payload, caused_by=caused_by)])


def emit_all(events: Sequence[Row]) -> None:
    """Store what `domain_event` made, like `emit`, in one statement."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "call emit() inside the transaction of the change that it announces"
        )
    accept_here(*events)


def domain_event(
    kind: str,
    *,
    mailbox: str,
    client: UUID | None,
    payload: dict[str, Any],
    caused_by: Event | None = None,
) -> Row:
    """A new event of Ponte itself. Raises TooDeep."""
    depth = caused_by.depth + 1 if caused_by else 0
    if depth > DEPTH_LIMIT:
        raise TooDeep(f"{kind} would be event {depth} in one chain of causes; at most {DEPTH_LIMIT} are allowed")
    return make_row(
        SOURCE,
        str(uuid.uuid4()),
        kind,
        mailbox,
        encode(payload),
        client_id=client,
        caused_by=caused_by.pk if caused_by else None,
        depth=depth,
    )
