"""Emitting a domain event: a row in the same mailbox, in the same transaction as the change it tells of."""

import uuid
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.events.accept import accept_here
from apps.events.models import Event
from apps.events.store import make_row
from lib.sealed import encode

SOURCE = "ponte"
# An event that causes an event that causes an event …: past this it is a loop, and stops.
DEPTH_LIMIT = 8


class TooDeep(RuntimeError):
    """A chain of events that cause one another has no end."""


def emit(
    kind: str,
    *,
    mailbox: str,
    client: UUID | None,
    payload: dict[str, Any],
    caused_by: Event | None = None,
) -> None:
    """Say that something happened. Only inside a transaction: with what it tells of, it is stored or it is not."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("emit() belongs inside the transaction of the change it tells of")
    depth = caused_by.depth + 1 if caused_by else 0
    if depth > DEPTH_LIMIT:
        raise TooDeep(f"{kind} would be event number {depth} in one chain of causes")
    row = make_row(
        SOURCE,
        str(uuid.uuid4()),
        kind,
        mailbox,
        encode(payload),
        client_id=client,
        caused_by=caused_by.pk if caused_by else None,
        depth=depth,
    )
    accept_here(row)
