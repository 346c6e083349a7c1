"""Read an item's accounts and the balance of each day; tombstone the accounts that the bank closed, with their rows."""

from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from apps.banking.aggregators.contract import ACCOUNT_TYPES, ItemState, Page, Product
from apps.banking.announce import announce
from apps.banking.models import Account, CreditCardBill, Transaction
from apps.banking.rows.balances import BRAZIL, record_balances
from apps.banking.sync.listing import tombstone_all
from apps.banking.sync.reading import ItemReading, Reading, Writing


def read_accounts(reading: ItemReading) -> None:
    """Read the accounts of the planned types, record and announce their balances, and close the missing accounts."""
    products = [product for product in ACCOUNT_TYPES if product in reading.plan.reads]
    pages = list(reading.source.accounts(products))
    with reading.run.write():
        before = _balances(reading)
        for page in pages:
            _merge(reading, page)
        for product in products:
            day = balance_day(reading.state, product)
            record_balances(reading.connection.pk, day, ACCOUNT_TYPES[product])
        _announce_balances(reading, before)
    _close_missing(reading, {vendor_id for page in pages for vendor_id in page.seen})


def balance_day(state: ItemState, product: Product) -> date:
    """The day in Brazil on which the bank sent these balances, so that an old balance is not recorded as today's."""
    moment = state.products_as_of.get(product) or state.as_of or timezone.now()
    return moment.astimezone(BRAZIL).date()


def live_accounts(reading: Reading) -> QuerySet[Account]:
    """The connection's accounts that are not closed, in the order of reading."""
    accounts = Account.objects.filter(connection=reading.connection)
    return reading.run.live(Product.ACCOUNTS, accounts).order_by("pk")


def _balances(reading: Reading) -> dict[int, tuple[Decimal | None, str]]:
    accounts = Account.objects.filter(connection=reading.connection, deleted_at=None)
    return {pk: (balance, code) for pk, balance, code in accounts.values_list("pk", "balance", "currency_code")}


def _announce_balances(reading: Reading, before: dict[int, tuple[Decimal | None, str]]) -> None:
    for pk, now in _balances(reading).items():
        if pk in before and before[pk] != now:
            amounts = {"balance": _digits(now[0]), "before": _digits(before[pk][0])}
            payload = {"account": pk, **amounts, "currency": now[1]}
            announce("balance.changed", reading.connection, payload, cause=reading.run.cause)


def _digits(amount: Decimal | None) -> str | None:
    # A text, because most readers of JSON make floats of its numbers.
    return None if amount is None else str(amount)


def _close_missing(reading: ItemReading, listed_ids: set[str]) -> None:
    prunable = {kind: product for product, kind in ACCOUNT_TYPES.items() if product in reading.plan.prunes}
    accounts = Account.objects.filter(connection=reading.connection, deleted_at=None, type__in=prunable)
    for account in accounts.exclude(vendor_id__in=listed_ids).order_by("vendor_id"):
        if reading.source.is_gone(prunable[account.type], account.vendor_id):
            close_account(reading, account)


def close_account(writing: Writing, account: Account) -> None:
    """Tombstone the account and its transactions and bills, in database transactions of a bounded size."""
    scope = {"account_id": account.pk}
    tombstone_all(writing.run, Product.TRANSACTIONS, Transaction, scope)
    tombstone_all(writing.run, Product.BILLS, CreditCardBill, scope)
    with writing.run.write():
        # If the account returns, all its transactions are read again.
        writing.forget_mark(account.vendor_id)
        writing.run.remove(Product.ACCOUNTS, Account.objects.filter(pk=account.pk), [account.vendor_id])


def find_account(reading: Reading, account_id: str) -> Account | None:
    """The account with that id; a new one is fetched and stored. None if it is gone or belongs to another item."""
    matches = live_accounts(reading).filter(vendor_id=account_id)
    account = matches.first()
    if account is None and (page := reading.source.account(account_id)):
        with reading.run.write():
            _merge(reading, page)
        account = matches.first()
    return account


def _merge(reading: Reading, page: Page) -> None:
    """Merge accounts. If one is new or returns, a mark of the whole item is forgotten.

    Such a mark may have passed rows of an account that Ponte did not have then. An account's own mark begins empty.
    """
    accounts, has_mark = live_accounts(reading), reading.mark("") != ""
    before = accounts.count() if has_mark else 0
    reading.run.merge(Product.ACCOUNTS, Account, reading.scope, page)
    if has_mark and accounts.count() > before:
        reading.forget_mark("")
