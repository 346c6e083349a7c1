"""/api/loans/: contracts of credit."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Day, Money, Number, Quantity, Text
from apps.api.schema import described, one_of, page_of
from apps.api.views import ApiView, ListView, answer, one
from apps.banking.api.filters import OfConnection
from apps.banking.models import Loan
from lib.keyset import Keyset


class LoanSerializer(serializers.Serializer[Any]):
    """A contract of credit. Amounts are in `currency_code`."""

    id = Number("The loan's id.")
    connection_id = Number("Its connection.")
    product_name = Text("What the bank calls it.")
    type = Text("The aggregator's type of the contract.")
    kind = Text("`LOAN`, `FINANCING` or another kind of credit.")
    currency_code = Text("ISO 4217.")
    contract_amount = Money("What was lent.", null=True)
    contract_outstanding_balance = Money("What is still owed.", null=True)
    contract_date = Day("When it was signed.", null=True)
    settlement_date = Day("When it was or will be settled.", null=True)
    due_date = Day("When it ends.", null=True)
    first_installment_due_date = Day("When the first instalment was due.", null=True)
    cet = Quantity("The total effective cost of a year, as a fraction: 0.29 is 29 %.", null=True)
    installment_periodicity = Text("Such as `MONTHLY`.")
    amortization_scheduled = Text("Such as `SAC` or `PRICE`.")
    total_number_of_installments = Number("How many instalments.", null=True)
    paid_installments = Number("How many are paid.", null=True)
    due_installments = Number("How many are to be paid.", null=True)
    past_due_installments = Number("How many are late.", null=True)


class LoansView(ListView):
    """The list."""

    name, shape, order, query = "loans", LoanSerializer, Keyset(("-id",)), OfConnection

    def find(self, query: dict[str, Any]) -> QuerySet[Loan]:
        """The client's loans that the bank still has."""
        rows = self.rows(Loan.objects.live())
        return rows.filter(connection_id=query["connection"]) if "connection" in query else rows

    @described("Loans", page_of("loans", LoanSerializer), query=OfConnection)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first."""
        return super().get(request)


class LoanView(ApiView):
    """One loan."""

    @described("A loan", one_of("loan", LoanSerializer))
    def get(self, request: Request, loan_id: int) -> Response:
        """A loan."""
        return answer(loan=LoanSerializer(one(self.rows(Loan.objects.live()), loan_id)).data)
