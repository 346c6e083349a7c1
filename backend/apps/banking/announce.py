"""Banking's domain events. Each is emitted in the transaction of its change, to the mailbox of its connection."""

from typing import Any

from apps.banking.models import Connection
from apps.events.emit import emit
from apps.events.models import Event


def announce(
    kind: str, connection: Connection, payload: dict[str, Any] | None = None, *, cause: Event | None = None
) -> None:
    """Emit `kind` for a connection. A payload holds our ids, the vendor's codes and counts, never personal data."""
    emit(
        kind,
        # Not the item's mailbox: the handlers of this event and the item's syncs must not wait for each other.
        mailbox=f"connection:{connection.pk}",
        client=connection.client_id,
        payload={"connection": connection.pk, **(payload or {})},
        caused_by=cause,
    )
