"""Accounts and cards as rows of a page, in groups, with sums that never mix currencies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.banking.models import Account, Connection
from apps.banking.pages.connection_card import name_of
from apps.banking.pages.freshness import Freshness, freshness

_SUBTYPES = {
    "CHECKING_ACCOUNT": gettext_lazy("Checking account"),
    "SAVINGS_ACCOUNT": gettext_lazy("Savings account"),
    "CREDIT_CARD": gettext_lazy("Card"),
}
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
        return worth(self.account)

    @property
    def is_card(self) -> bool:
        return self.account.type == "CREDIT"


@dataclass(frozen=True)
class Group:
    """Accounts of one kind, and their sums by currency."""

    name: str
    icon: str
    rows: list[AccountRow]
    sums: Sums


def worth(account: Account) -> Decimal | None:
    """The balance as the client's own money. A card's is what is owed: above zero at the vendor, below zero here."""
    if account.balance is None:
        return None
    return -account.balance if account.type == "CREDIT" else account.balance


def row_of(account: Account, connection: Connection) -> AccountRow:
    """The row of an account whose connection was read with its connector."""
    kind = str(_SUBTYPES.get(account.subtype, account.subtype.replace("_", " ").capitalize()))
    return AccountRow(account, title_of(account), kind, name_of(connection), freshness(connection))


def title_of(account: Account) -> str:
    """What people call the account."""
    return account.marketing_name or account.name or str(_SUBTYPES.get(account.subtype, _("Account")))


def in_groups(accounts: Iterable[tuple[Account, Connection]]) -> list[Group]:
    """The bank accounts, then the cards; only groups that have any."""
    rows = [row_of(*pair) for pair in accounts]
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
