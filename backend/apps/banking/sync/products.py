"""Read an item's products one after the other. If one fails, the others are still read."""

import logging
from collections.abc import Callable, Iterator
from functools import partial

from django.db.models import QuerySet

from apps.banking.aggregators.contract import ACCOUNT_TYPES, Product
from apps.banking.models import (
    Account,
    Consent,
    CreditCardBill,
    Identity,
    Investment,
    InvestmentTransaction,
    Loan,
)
from apps.banking.models.base import VendorRow
from apps.banking.sync.accounts import live_accounts, read_accounts
from apps.banking.sync.listing import read_list, tombstone_all
from apps.banking.sync.reading import ItemReading
from apps.banking.sync.runs import describe_error
from apps.banking.sync.transactions import readers
from lib.errors import PonteError, Throttled

logger = logging.getLogger(__name__)

Job = Callable[[], None]

# Products that belong to the item itself, in the order of reading; they follow the accounts' and the investments'.
OF_ITEM: dict[Product, type[VendorRow]] = {Product.LOANS: Loan, Product.IDENTITY: Identity}


def read_products(reading: ItemReading) -> None:
    """Read the products of the plan. `run.failures` collects their errors; only Throttled stops the reading."""
    reading.run.planned = _planned(reading)
    for product, job in _jobs(reading):
        reading.run.begin(product)
        try:
            job()
        except Throttled:
            raise
        except PonteError as error:
            logger.warning("%s: reading %s failed: %s", reading.connection, product, describe_error(error)[1])
            reading.run.failures.append(error)
    reading.run.begin("")


def _planned(reading: ItemReading) -> list[str]:
    """The products to read, in the order of reading. Cards are read with the accounts."""
    reads = {Product.ACCOUNTS if product in ACCOUNT_TYPES else product for product in reading.plan.reads}
    return [product for product in Product if product in reads | {Product.CONSENTS}]


def _jobs(reading: ItemReading) -> Iterator[tuple[str, Job]]:
    """Yield one job at a time, because the later jobs depend on the accounts that the first one stores."""
    reads = reading.plan.reads
    if reads & ACCOUNT_TYPES.keys():
        yield Product.ACCOUNTS, partial(read_accounts, reading)
    if Product.TRANSACTIONS in reads:
        for reader in readers(reading):
            yield Product.TRANSACTIONS, partial(reader.read_planned, reading.plan)
    if Product.BILLS in reads:
        for card in live_accounts(reading).filter(type=ACCOUNT_TYPES[Product.CARDS]):
            yield Product.BILLS, partial(_read_bills, reading, card)
    yield from _investments(reading)
    for product, model in OF_ITEM.items():
        if product in reads:
            yield product, partial(_read, reading, product, model)
    yield Product.CONSENTS, partial(_read_consents, reading)


def _investments(reading: ItemReading) -> Iterator[tuple[str, Job]]:
    if Product.INVESTMENTS in reading.plan.reads:
        yield Product.INVESTMENTS, partial(_read_investments, reading)
    if Product.INVESTMENT_TRANSACTIONS in reading.plan.reads:
        for investment in _held(reading).order_by("pk"):
            yield Product.INVESTMENT_TRANSACTIONS, partial(_read_investment_transactions, reading, investment)


def _held(reading: ItemReading) -> QuerySet[Investment]:
    return reading.run.live(Product.INVESTMENTS, Investment.objects.filter(connection=reading.connection))


def _read(reading: ItemReading, product: Product, model: type[VendorRow]) -> None:
    read_list(reading, product, model, reading.scope, prune=product in reading.plan.prunes)


def _read_consents(reading: ItemReading) -> None:
    # Consents are the aggregator's own record, not a collected product, so their list is always complete.
    read_list(reading, Product.CONSENTS, Consent, reading.scope, prune=True)


def _read_bills(reading: ItemReading, card: Account) -> None:
    scope = {"client_id": card.client_id, "account_id": card.pk}
    prune = Product.BILLS in reading.plan.prunes
    read_list(reading, Product.BILLS, CreditCardBill, scope, parent=card.vendor_id, prune=prune)


def _read_investments(reading: ItemReading) -> None:
    _read(reading, Product.INVESTMENTS, Investment)
    gone = Investment.objects.filter(connection=reading.connection).exclude(pk__in=_held(reading).values("pk"))
    scope = {"investment__in": gone.values("pk")}
    tombstone_all(reading.run, Product.INVESTMENT_TRANSACTIONS, InvestmentTransaction, scope)


def _read_investment_transactions(reading: ItemReading, investment: Investment) -> None:
    product = Product.INVESTMENT_TRANSACTIONS
    scope = {"client_id": investment.client_id, "investment_id": investment.pk}
    prune = product in reading.plan.prunes
    read_list(reading, product, InvestmentTransaction, scope, parent=investment.vendor_id, prune=prune)
