"""The first page: what there is in all, which banks need the person, this month's spending, the last transactions."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from csp.decorators import csp_update
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from apps.banking.categories import Categories
from apps.banking.models import Account, Connection, Investment, Loan, Transaction
from apps.banking.pages.account_rows import Sums, sums
from apps.banking.pages.accounts import MOST, listed
from apps.banking.pages.bank_names import bank_names
from apps.banking.pages.connection_card import LOGOS, Card, card_of
from apps.banking.pages.filters import booked
from apps.banking.pages.freshness import oldest
from apps.banking.pages.rows import rows_of
from apps.banking.pages.spending import CATEGORY, by_top, counted, totals_by
from apps.banking.pages.transactions import SEALED
from lib.pages.charts import Bar
from lib.pages.display import money
from lib.pages.views import ClientPage

LAST = 8
# So many categories have a bar of their own.
BARS = 7


@dataclass(frozen=True)
class Figure:
    """A part of what there is, by currency."""

    name: str
    sums: Sums
    url: str


@method_decorator(csp_update({"img-src": [LOGOS]}), name="dispatch")
class Overview(ClientPage):
    """The page at / for people."""

    template_name, section = "banking/overview.html", "overview"

    def get(self, request: HttpRequest) -> HttpResponse:
        connections = list(self.visible(Connection).live().select_related("connector").defer("extra_sealed")[:100])
        if not connections:
            return self.show(is_empty=True)
        accounts = {account.pk: account for account in listed(self.visible(Account))[:MOST]}
        categories = Categories.read()
        invested = self._sums(Investment, "balance")
        owed = [(-amount, currency) for amount, currency in self._sums(Loan, "contract_outstanding_balance")]
        return self.show(
            cards=_first_those_that_ail(connections),
            figures=figures_of(accounts.values(), invested, owed),
            total=sums([*_worth(accounts.values()), *invested, *owed]),
            freshness=oldest(connections),
            spending=self._spending(categories),
            days=rows_of(self._last(), categories, accounts),
        )

    def _sums(self, model: Any, column: str) -> Sums:
        """The sum of a column by currency."""
        totals = self.visible(model).live().order_by().values("currency_code").annotate(total=Sum(column))
        return sums((each["total"], each["currency_code"]) for each in totals)

    def _spending(self, categories: Categories) -> dict[str, Any]:
        first = timezone.localdate().replace(day=1)
        by_category = totals_by(counted(self.visible(Transaction), first).spending(), CATEGORY)
        totals = sums((-each["total"], each["currency_code"]) for each in by_category)
        if not totals or totals[0][0] <= 0:
            return {}
        currency = totals[0][1]
        mine = [(each["key"], -each["total"]) for each in by_category if each["currency_code"] == currency]
        return {"totals": totals, "bars": bars_of(mine, currency, categories), "month": first}

    def _last(self) -> list[Transaction]:
        rows = self.visible(Transaction).defer(*SEALED).shown().filter(booked(timezone.localdate()))
        return list(rows.newest_first()[:LAST])


def figures_of(accounts: Collection[Account], invested: Sums, owed: Sums) -> list[Figure]:
    """The parts of what there is; only those that there are."""
    url = reverse("banking:accounts")
    figures = [
        Figure(_("In bank accounts"), _worth(account for account in accounts if not account.is_card), url),
        Figure(_("On cards"), _worth(account for account in accounts if account.is_card), url),
        Figure(_("Invested"), invested, reverse("banking:investments")),
        Figure(_("Loans"), owed, reverse("banking:loans")),
    ]
    return [figure for figure in figures if figure.sums]


def _first_those_that_ail(connections: list[Connection]) -> list[Card]:
    names = bank_names(connections)
    every = [card_of(connection, names[connection.pk]) for connection in connections]
    cards = [card for card in every if card.is_ailing or card.tone == "busy"]
    return sorted(cards, key=lambda card: (not card.needs_person, card.name))


def _worth(accounts: Iterable[Account]) -> Sums:
    return sums((account.worth, account.currency_code) for account in accounts)


def bars_of(spent: list[tuple[str, Decimal]], currency: str, categories: Categories) -> list[Bar]:
    """A bar for each of the largest top categories, and one for the rest. Each leads to its transactions."""
    ordered = by_top(spent, categories)
    if not ordered:
        return []
    longest = ordered[0][0]
    bars = [_bar(key, amount, float(amount / longest), currency, categories) for amount, key in ordered[:BARS]]
    if rest := sum((amount for amount, _key in ordered[BARS:]), Decimal()):
        bars.append(Bar(_("Other categories"), money(rest, currency), min(float(rest / longest), 1.0), tone="muted"))
    return bars


def _bar(key: str, amount: Decimal, share: float, currency: str, categories: Categories) -> Bar:
    row = categories.by_id.get(key)
    url = f"{reverse('banking:transactions')}?period=month&direction=out&category={key}" if row else ""
    return Bar(categories.label(row) if row else _("Without category"), money(amount, currency), share, url)
