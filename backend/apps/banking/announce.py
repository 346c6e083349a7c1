"""Domain events of banking: what changed, said in the transaction that changes it, each on its connection's mailbox."""

from typing import Any

from apps.banking.models import Connection
from apps.events.emit import emit
from apps.events.models import Event


def announce(
    kind: str, connection: Connection, payload: dict[str, Any] | None = None, *, cause: Event | None = None
) -> None:
    """Emit `kind` for a connection. Payloads hold our ids, the vendor's codes and counts, never a person's data."""
    emit(
        kind,
        # Not the item's key: who listens to this must not wait for, or hold up, the item's own syncs.
        mailbox=f"connection:{connection.pk}",
        client=connection.client_id,
        payload={"connection": connection.pk, **(payload or {})},
        caused_by=cause,
    )
