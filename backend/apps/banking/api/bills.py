"""/api/bills/: the bills of cards, as the bank closed them."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Day, Money, Number, Text, YesNo
from apps.api.schema import described, one_of, page_of
from apps.api.views import ApiView, ListView, answer, one
from apps.banking.api.filters import OfAccount
from apps.banking.models import CreditCardBill
from lib.keyset import Keyset


class BillSerializer(serializers.Serializer[Any]):
    """A closed bill of a card."""

    id = Number("The bill's id.")
    bill_id = Text("The aggregator's id, as transactions have it in `bill_id`.", source="vendor_id")
    account_id = Number("The card.")
    due_date = Day("When it is due.", null=True)
    closing_date = Day("When it closed.", null=True)
    total_amount = Money("What the bank asks for, in `currency_code`.", null=True)
    minimum_payment_amount = Money("The least that must be paid.", null=True)
    currency_code = Text("ISO 4217.")
    allows_installments = YesNo("Whether it may be paid in instalments.", null=True)


class BillsView(ListView):
    """The list."""

    name, shape, order, query = "bills", BillSerializer, Keyset(("-due_date", "-id")), OfAccount

    def find(self, query: dict[str, Any]) -> QuerySet[CreditCardBill]:
        """The client's bills, or those of one card."""
        rows = self.rows(CreditCardBill.objects.live())
        return rows.filter(account_id=query["account"]) if "account" in query else rows

    @described("Bills of cards", page_of("bills", BillSerializer), query=OfAccount)
    def get(self, request: Request, **path: Any) -> Response:
        """The one that is due last first."""
        return super().get(request)


class BillView(ApiView):
    """One bill."""

    @described("A bill", one_of("bill", BillSerializer))
    def get(self, request: Request, bill_id: int) -> Response:
        """A bill. Its lines are the transactions with its `bill_id`."""
        return answer(bill=BillSerializer(one(self.rows(CreditCardBill.objects.live()), bill_id)).data)
