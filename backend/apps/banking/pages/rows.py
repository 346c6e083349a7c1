"""Transactions as rows of a page, in groups by day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from apps.banking.categories import Categories
from apps.banking.models import Account, Transaction
from apps.banking.pages.account_rows import Sums, sums


@dataclass(frozen=True)
class TransactionRow:
    """A transaction with the names that belong to it."""

    transaction: Transaction
    title: str
    detail: str
    category: str
    account: str
    installment: str
    is_pending: bool

    @property
    def pk(self) -> int:
        return int(self.transaction.pk)


@dataclass(frozen=True)
class Day:
    """The shown rows of one day, and their sums by currency. Hidden rows are in no sum."""

    date: date
    rows: list[TransactionRow]
    sums: Sums


def row_of(transaction: Transaction, categories: Categories, accounts: Mapping[int, Account]) -> TransactionRow:
    """The row of a transaction of one of these accounts."""
    account = accounts.get(transaction.account_id)
    title = transaction.merchant_name or transaction.description
    return TransactionRow(
        transaction=transaction,
        title=title,
        detail=transaction.description if transaction.description != title else "",
        category=categories.name_of(transaction),
        account=account.title if account else "",
        installment=transaction.installment,
        is_pending=transaction.status == "PENDING",
    )


def rows_of(rows: Iterable[Transaction], categories: Categories, accounts: Mapping[int, Account]) -> list[Day]:
    """The rows by day, in their order."""
    shown = [row_of(row, categories, accounts) for row in rows]
    days = []
    for day, group in groupby(shown, key=lambda row: row.transaction.date):
        of_day = list(group)
        counted = [row.transaction for row in of_day if not row.transaction.hidden]
        days.append(Day(day, of_day, sums((row.amount, row.currency_code) for row in counted)))
    return days
