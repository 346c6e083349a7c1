"""Retire an item that the aggregator no longer has: tombstone its connection and all its rows, and erase nothing."""

from django.utils import timezone

from apps.banking.aggregators.contract import Product
from apps.banking.announce import announce
from apps.banking.models import Account, Connection, Consent, Identity, Investment, InvestmentTransaction, Loan
from apps.banking.models.base import VendorRow
from apps.banking.sync.accounts import close_account
from apps.banking.sync.listing import tombstone_all
from apps.banking.sync.reading import Writing
from apps.banking.sync.runs import RecordedRun
from apps.banking.sync.status import FENCED_COLUMNS
from apps.banking.sync.visit import Visit
from apps.events.work import Batch

OF_CONNECTION: tuple[tuple[Product, type[VendorRow]], ...] = (
    (Product.INVESTMENTS, Investment),
    (Product.LOANS, Loan),
    (Product.IDENTITY, Identity),
    (Product.CONSENTS, Consent),
)


def retire(visit: Visit) -> str:
    """Tombstone everything and announce connection.deleted. The user's edits stay, in case the item returns."""
    return retire_rows(visit.batch, visit.connection)


def retire_rows(batch: Batch, connection: Connection) -> str:
    """`retire`, for work that does not read the item."""
    if connection.deleted_at:
        return "gone"
    run = RecordedRun(batch, connection)
    with run.recorded():
        _tombstone_rows(Writing(connection, run))
        _end(run, connection)
    return "gone"


def _tombstone_rows(writing: Writing) -> None:
    connection, run = writing.connection, writing.run
    for account in Account.objects.filter(connection=connection, deleted_at=None):
        close_account(writing, account)
    scope = {"investment__connection": connection}
    tombstone_all(run, Product.INVESTMENT_TRANSACTIONS, InvestmentTransaction, scope)
    for product, model in OF_CONNECTION:
        tombstone_all(run, product, model, {"connection": connection})


def _end(run: RecordedRun, connection: Connection) -> None:
    with run.finish("gone"):
        connection.state, connection.deleted_at = Connection.State.DELETED, timezone.now()
        connection.action = connection.error_type = connection.error_code = ""
        connection.next_auto_sync_at = None
        connection.save(update_fields=FENCED_COLUMNS)
        announce("connection.deleted", connection, cause=run.cause)
