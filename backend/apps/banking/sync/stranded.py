"""A connection whose credentials are gone or refused: its item cannot be read until its client acts."""

from apps.banking.aggregators.contract import APPLICATION_REMOVED, CredentialsRefused, UnknownApplication
from apps.banking.aggregators.mailboxes import read_mailbox_name
from apps.banking.aggregators.verdict import Action
from apps.banking.announce import announce
from apps.banking.models import ClientApplication, Connection
from apps.events.work import Batch
from lib.errors import ErrorType
from lib.row_security import for_system

OUTCOME = "no application"
CREDENTIALS_REFUSED = "CREDENTIALS_REFUSED"
STRANDED = (APPLICATION_REMOVED, CREDENTIALS_REFUSED)


def strand(batch: Batch, connection: Connection | None, error: UnknownApplication | CredentialsRefused) -> str:
    """Tell the connection's people, once, and finish the events: a retry could not help.

    Raises `error` if the credentials are not a client's own: then the operator must act, and the events wait.
    """
    code = APPLICATION_REMOVED
    if isinstance(error, CredentialsRefused):
        if not _note_refusal(batch, error):
            raise error
        code = CREDENTIALS_REFUSED
    with batch.finish(OUTCOME):
        if connection and not connection.deleted_at and connection.error_code != code:
            _store(connection, code)
            payload = {"action": connection.action, "error_type": connection.error_type, "error_code": code}
            announce("connection.needs_user", connection, payload, cause=batch.events[0])
    return OUTCOME


@for_system("credentials of an application")
def _note_refusal(batch: Batch, error: CredentialsRefused) -> bool:
    """Store why a client's own credentials are refused. False if they are not a client's own."""
    mailbox = read_mailbox_name(batch.key)
    rows = ClientApplication.objects.filter(aggregator=mailbox.aggregator, name=mailbox.application)
    return bool(mailbox.application and rows.update(error_code=error.code))


def _store(connection: Connection, code: str) -> None:
    connection.state, connection.action = Connection.State.NEEDS_USER, str(Action.ADD_CREDENTIALS)
    connection.error_type, connection.error_code = str(ErrorType.AUTHENTICATION_ERROR), code
    connection.next_auto_sync_at = None
    connection.save(update_fields=["state", "action", "error_type", "error_code", "next_auto_sync_at", "updated_at"])
