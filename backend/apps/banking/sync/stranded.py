"""A connection whose application was removed: nobody can read its item until the bank is connected in another one."""

from apps.banking.aggregators.contract import APPLICATION_REMOVED
from apps.banking.aggregators.verdict import Action
from apps.banking.announce import announce
from apps.banking.models import Connection
from apps.events.work import Batch
from lib.errors import ErrorType

OUTCOME = "no application"


def strand(batch: Batch, connection: Connection | None) -> str:
    """Tell the connection's people, once, and finish the events: a retry could not help."""
    with batch.finish(OUTCOME):
        if connection and not connection.deleted_at and connection.error_code != APPLICATION_REMOVED:
            _store(connection)
            payload = {"action": connection.action, "error_type": connection.error_type}
            announce(
                "connection.needs_user",
                connection,
                {**payload, "error_code": connection.error_code},
                cause=batch.events[0],
            )
    return OUTCOME


def _store(connection: Connection) -> None:
    connection.state, connection.action = Connection.State.NEEDS_USER, str(Action.ADD_CREDENTIALS)
    connection.error_type, connection.error_code = str(ErrorType.AUTHENTICATION_ERROR), APPLICATION_REMOVED
    connection.next_auto_sync_at = None
    connection.save(update_fields=["state", "action", "error_type", "error_code", "next_auto_sync_at", "updated_at"])
