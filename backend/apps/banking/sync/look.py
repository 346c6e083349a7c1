"""Look at an item without a worker: one call, which tells whether something has changed that a worker must store."""

from apps.banking.aggregators.contract import Gone, ItemState
from apps.banking.aggregators.registry import aggregator
from apps.banking.models import Connection

# A run or its end changes one of these.
WATCHED = ("status", "execution_status", "last_updated_at")


def look(connection: Connection) -> ItemState | None:
    """The item as the aggregator has it now; None if it is gone. Raises UnknownApplication and the source's errors."""
    application = aggregator(connection.aggregator).application(connection.application)
    try:
        return application.open(connection.vendor_id, credential=connection.credential).item()
    except Gone:
        return None


def differs(connection: Connection, state: ItemState | None) -> bool:
    """Whether a worker must visit the item, because it is gone or one of WATCHED has changed."""
    if state is None:
        return True
    return any(state.row.get(name, getattr(connection, name)) != getattr(connection, name) for name in WATCHED)
