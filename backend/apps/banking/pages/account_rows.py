"""Accounts and cards as rows of a page, in groups, with sums that never mix currencies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.banking.models import Account, Connection
from apps.banking.pages.connection_card import name_of
from apps.banking.pages.freshness import Freshness, freshness

Sums = list[tuple[Decimal, str]]


@dataclass(frozen=True)
class AccountRow:
    """An account with its bank. `owed` is what a card owes, as a number below zero."""

    account: Account
    name: str
    kind: str
    bank: str
    freshness: Freshness

    @property
    def amount(self) -> Decimal | None:
        """What the account adds to the sum: a card's balance is a debt."""
        return self.account.worth

    @property
    def is_card(self) -> bool:
        return self.account.is_card

    @property
    def above_limit(self) -> Decimal | None:
        """How much more than its limit a card has used; None within the limit."""
        left = self.account.available_credit_limit
        return -left if self.is_card and left is not None and left < 0 else None


@dataclass(frozen=True)
class Group:
    """Accounts of one kind, and their sums by currency."""

    name: str
    icon: str
    rows: list[AccountRow]
    sums: Sums


def row_of(account: Account, connection: Connection, bank: str = "") -> AccountRow:
    """The row of an account whose connection was read with its connector. `bank` is what the list calls it."""
    kind = str(Account.SUBTYPES.get(account.subtype, account.subtype.replace("_", " ").capitalize()))
    return AccountRow(account, account.title, kind, bank or name_of(connection), freshness(connection))


def in_groups(accounts: Iterable[tuple[Account, Connection]], banks: Mapping[int, str]) -> list[Group]:
    """The bank accounts, then the cards; only groups that have any. `banks` are what the list calls connections."""
    rows = [row_of(account, connection, banks.get(connection.pk, "")) for account, connection in accounts]
    groups = [
        _group(_("Bank accounts"), "wallet", [row for row in rows if not row.is_card]),
        _group(_("Cards"), "card", [row for row in rows if row.is_card]),
    ]
    return [group for group in groups if group.rows]


def _group(name: str, icon: str, rows: list[AccountRow]) -> Group:
    return Group(name, icon, rows, sums((row.amount, row.account.currency_code) for row in rows))


def sums(amounts: Iterable[tuple[Decimal | None, str]]) -> Sums:
    """The sum of each currency, reais first. What has no amount is left out."""
    totals: dict[str, Decimal] = {}
    for amount, currency in amounts:
        if amount is not None:
            totals[currency] = totals.get(currency, Decimal()) + amount
    return sorted(((total, currency) for currency, total in totals.items()), key=_reais_first)


def _reais_first(pair: Sequence[Decimal | str]) -> tuple[bool, str]:
    return pair[1] != "BRL", str(pair[1])
