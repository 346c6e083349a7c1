"""Investments: the positions by type, their sums, and the movements of one."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.banking.models import Connection, Investment, InvestmentTransaction
from apps.banking.pages.account_rows import Sums, sums
from apps.banking.pages.bank_names import bank_names
from apps.banking.pages.connection_card import name_of
from apps.banking.pages.freshness import freshness, oldest
from lib.pages.charts import Bar
from lib.pages.display import money
from lib.pages.views import ClientPage, ListPage

# A page shows no more positions; the sums count all of them.
MOST = 500
TYPES = {
    "FIXED_INCOME": _("Fixed income"),
    "MUTUAL_FUND": _("Funds"),
    "EQUITY": _("Stocks and property funds"),
    "ETF": _("Index funds (ETF)"),
    "SECURITY": _("Pension and insurance"),
    "COE": _("Structured notes (COE)"),
    "OTHER": _("Other investments"),
}
MOVEMENTS = {
    "BUY": _("Purchase"),
    "SELL": _("Sale"),
    "TAX": _("Tax"),
    "INTEREST": _("Interest"),
    "AMORTIZATION": _("Amortization"),
    "TRANSFER": _("Transfer"),
    "DIVIDEND": _("Dividend"),
}
_SEALED = ("extra_sealed", "number_sealed", "owner_sealed", "digest")


@dataclass(frozen=True)
class Position:
    """A position with its bank."""

    investment: Investment
    bank: str


@dataclass(frozen=True)
class Kind:
    """The positions of one type, their sums by currency, and what they have earned."""

    name: str
    positions: list[Position]
    sums: Sums
    profits: Sums


class Investments(ClientPage):
    """All positions that still exist."""

    template_name, section = "banking/investments.html", "investments"

    def get(self, request: HttpRequest) -> HttpResponse:
        live = self.visible(Investment).live()
        rows = list(live.select_related("connection__connector").defer(*_SEALED).order_by("type", "name", "pk")[:MOST])
        totals = list(
            live.values("type", "currency_code")
            .order_by("type", "currency_code")
            .annotate(total=Sum("balance"), profit=Sum("amount_profit"))
        )
        connections: dict[int, Connection] = {row.connection_id: row.connection for row in rows}
        banks = bank_names(connections.values())
        return self.show(
            kinds=_kinds(rows, totals, banks),
            sums=sums((each["total"], each["currency_code"]) for each in totals),
            profits=sums((each["profit"], each["currency_code"]) for each in totals),
            bars=_bars(totals),
            freshness=oldest(connections.values()),
        )


def _kinds(rows: list[Investment], totals: list[dict[str, Any]], banks: dict[int, str]) -> list[Kind]:
    kinds = []
    largest = {each["type"]: each["total"] or 0 for each in sorted(totals, key=lambda each: each["total"] or 0)}
    for type_ in sorted(dict.fromkeys(row.type for row in rows), key=lambda type_: -largest[type_]):
        mine = [each for each in totals if each["type"] == type_]
        kinds.append(
            Kind(
                name=str(TYPES.get(type_, TYPES["OTHER"])),
                positions=[Position(row, banks[row.connection_id]) for row in rows if row.type == type_],
                sums=sums((each["total"], each["currency_code"]) for each in mine),
                profits=sums((each["profit"], each["currency_code"]) for each in mine),
            )
        )
    return kinds


def _bars(totals: list[dict[str, Any]]) -> list[Bar]:
    """The share of each type in the main currency."""
    amounts = sums((each["total"], each["currency_code"]) for each in totals)
    if not amounts or amounts[0][0] <= 0:
        return []
    whole, currency = amounts[0]
    mine = [each for each in totals if each["currency_code"] == currency and each["total"]]
    ordered = sorted(mine, key=lambda each: -each["total"])
    return [
        Bar(str(TYPES.get(each["type"], TYPES["OTHER"])), money(each["total"], currency), float(each["total"] / whole))
        for each in ordered
    ]


class InvestmentDetail(ListPage[InvestmentTransaction]):
    """One position and its movements, newest first."""

    template_name, section, order = "banking/investment.html", "investments", ("-date", "-id")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        rows = self.visible(Investment).live().select_related("connection__connector").defer(*_SEALED)
        self.investment: Investment = self.get_or_404(rows, pk=kwargs["pk"])
        return super().get(request, **kwargs)

    def rows(self) -> Any:
        # A movement without a day has no place in the order; banks name the day of each.
        return self.visible(InvestmentTransaction).live().filter(investment=self.investment, date__isnull=False)

    def present(self, rows: list[InvestmentTransaction]) -> list[tuple[InvestmentTransaction, str, Decimal | None]]:
        """Each movement, its name, and its amount: above zero if the position grew."""
        return [(row, str(MOVEMENTS.get(row.type, row.description or row.type)), signed(row)) for row in rows]

    def more(self, rows: list[InvestmentTransaction]) -> dict[str, Any]:
        return {
            "investment": self.investment,
            "kind": TYPES.get(self.investment.type, TYPES["OTHER"]),
            "bank": name_of(self.investment.connection),
            "freshness": freshness(self.investment.connection),
        }


def signed(row: InvestmentTransaction) -> Decimal | None:
    """The amount of a movement, with the sign of what it did to the position."""
    amount = row.net_amount if row.net_amount is not None else row.amount
    if amount is None:
        return None
    return -abs(amount) if row.movement_type == "DEBIT" else abs(amount)
