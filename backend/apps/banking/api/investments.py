"""/api/investments/: positions, and what moved in them."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Day, Money, Number, Quantity, Text, YesNo
from apps.api.inputs import PageQuery
from apps.api.schema import described, one_of, page_of
from apps.api.views import ApiView, ListView, answer, one
from apps.banking.api.filters import OfConnection
from apps.banking.models import Investment, InvestmentTransaction
from lib.keyset import Keyset


class InvestmentSerializer(serializers.Serializer[Any]):
    """A position. Amounts are in `currency_code`, rates in per cent."""

    id = Number("The position's id.")
    connection_id = Number("Its connection.")
    type = Text("Such as `FIXED_INCOME`, `MUTUAL_FUND` or `EQUITY`.")
    subtype = Text("Such as `CDB`.")
    status = Text("`ACTIVE`, `PENDING` or `TOTAL_WITHDRAWAL`.")
    name = Text("What the bank calls it.")
    code = Text("Its code, such as a ticker or a fund's CNPJ.")
    isin = Text("Its ISIN.")
    issuer = Text("Who issued it.")
    currency_code = Text("ISO 4217.")
    balance = Money("What it is worth after taxes.", null=True)
    amount = Money("What it is worth before taxes.", null=True)
    amount_profit = Money("The profit.", null=True)
    amount_withdrawal = Money("What can be withdrawn now.", null=True)
    amount_original = Money("What was put in.", null=True)
    quantity = Quantity("How many units.", null=True)
    value = Quantity("The price of a unit.", null=True)
    date = Day("The day of the values.", null=True)
    due_date = Day("When it ends.", null=True)
    issue_date = Day("When it was issued.", null=True)
    purchase_date = Day("When it was bought.", null=True)
    rate = Quantity("The rate that was agreed, of `rate_type`.", null=True)
    rate_type = Text("What the rate refers to, such as `CDI`.")
    fixed_annual_rate = Quantity("The fixed part of the rate, for a year.", null=True)
    annual_rate = Quantity("The return of the last year.", null=True)
    last_month_rate = Quantity("The return of the last month.", null=True)
    last_twelve_months_rate = Quantity("The return of the last twelve months.", null=True)
    tax_exempt = YesNo("Whether no tax is due.", null=True)


class InvestmentsView(ListView):
    """The list."""

    name, shape, order, query = "investments", InvestmentSerializer, Keyset(("-id",)), OfConnection

    def find(self, query: dict[str, Any]) -> QuerySet[Investment]:
        """The client's positions that the bank still has."""
        rows = self.rows(Investment.objects.live())
        return rows.filter(connection_id=query["connection"]) if "connection" in query else rows

    @described("Investments", page_of("investments", InvestmentSerializer), query=OfConnection)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first."""
        return super().get(request)


class InvestmentView(ApiView):
    """One position."""

    @described("An investment", one_of("investment", InvestmentSerializer))
    def get(self, request: Request, investment_id: int) -> Response:
        """A position."""
        return answer(investment=InvestmentSerializer(one(self.rows(Investment.objects.live()), investment_id)).data)


class MovementSerializer(serializers.Serializer[Any]):
    """What moved in a position."""

    id = Number("The movement's id.")
    investment_id = Number("Its position.")
    type = Text("Such as `BUY`, `SELL`, `TAX` or `TRANSFER`.")
    movement_type = Text("`CREDIT` for money into the position, `DEBIT` for money out of it.")
    description = Text("What the bank calls it.")
    date = Day("The day.", null=True)
    trade_date = Day("The day of the trade.", null=True)
    quantity = Quantity("How many units.", null=True)
    value = Quantity("The price of a unit.", null=True)
    amount = Money("The amount before taxes.", null=True)
    net_amount = Money("The amount after taxes.", null=True)


class MovementsView(ListView):
    """The movements of one position."""

    name, shape, order = "transactions", MovementSerializer, Keyset(("-date", "-id"))

    def find(self, query: dict[str, Any]) -> QuerySet[InvestmentTransaction]:
        """Those that the bank still has. Raises Http404 for a position that the call may not see."""
        position = one(self.rows(Investment.objects.live()), self.kwargs["investment_id"])
        return self.rows(InvestmentTransaction.objects.live()).filter(investment=position)

    @described("Transactions of an investment", page_of("transactions", MovementSerializer), query=PageQuery)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first."""
        return super().get(request)
