"""What a file says about one transaction."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.banking.categories import Categories
from apps.banking.models import Transaction


@dataclass(frozen=True, repr=False)
class Record:
    """One transaction with the names that belong to it. The columns of CSV and the keys of JSON, in this order."""

    date: date
    description: str
    merchant: str
    category: str
    amount: Decimal
    currency: str
    account: str
    bank: str
    status: str
    installment: str
    note: str
    hidden: bool
    id: int


def record(row: Transaction, categories: Categories) -> Record:
    """The record of a row that was read with its account, connection and connector."""
    connector = row.account.connection.connector
    return Record(
        date=row.date,
        description=row.description,
        merchant=row.merchant_name,
        category=categories.name_of(row),
        amount=plain(row.amount),
        currency=row.currency_code,
        account=row.account.title,
        bank=connector.name if connector else "",
        status=row.status,
        installment=row.installment,
        note=row.note,
        hidden=row.hidden,
        id=row.pk,
    )


def plain(amount: Decimal) -> Decimal:
    """An amount with its cents, or with all its decimals if it has more."""
    cents = amount.quantize(Decimal("0.01"))
    return cents if cents == amount else amount.normalize()
