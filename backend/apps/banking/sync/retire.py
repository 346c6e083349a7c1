"""The aggregator has an item no more: the connection and all that hangs on it become tombstones, nothing is erased."""

from django.utils import timezone

from apps.banking.announce import announce
from apps.banking.models import Account, Connection, Consent, Identity, Investment, InvestmentTransaction, Loan
from apps.banking.sync.accounts import close_account
from apps.banking.sync.listing import bury
from apps.banking.sync.runs import Run
from apps.banking.sync.status import FENCED
from apps.banking.sync.visit import Visit

OF_CONNECTION = (
    ("investments", Investment),
    ("loans", Loan),
    ("identity", Identity),
    ("consents", Consent),
)


def retire(visit: Visit) -> str:
    """Tombstones, and connection.deleted. The user's edits stay where they are, should the item ever return."""
    connection = visit.connection
    if connection.deleted_at:
        return "gone"
    run = Run(visit.batch, connection)
    with run.kept():
        _bury_all(run, connection)
        _end(run, connection)
    return "gone"


def _bury_all(run: Run, connection: Connection) -> None:
    for account in Account.objects.filter(connection=connection, deleted_at=None):
        close_account(run, account)
    bury(run, "investment_transactions", InvestmentTransaction, {"investment__connection": connection})
    for product, model in OF_CONNECTION:
        bury(run, product, model, {"connection": connection})


def _end(run: Run, connection: Connection) -> None:
    with run.finish("gone"):
        connection.state, connection.deleted_at = Connection.State.DELETED, timezone.now()
        connection.action = connection.error_type = connection.error_code = ""
        connection.next_auto_sync_at = None
        connection.save(update_fields=FENCED)
        announce("connection.deleted", connection, cause=run.cause)
