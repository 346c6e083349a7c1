"""The bills of a card month by month: closed ones with their proof, the open one as an estimate, and what comes."""

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Day, Money, Number, Text, YesNo
from apps.api.schema import described, list_of, one_of
from apps.api.views import ApiView, answer, one
from apps.banking.cards.bills import bills_of, coming_months, find_bill
from apps.banking.models import Account


class CardBillSerializer(serializers.Serializer[Any]):
    """The bill of one cycle of a card, in the card's currency. Amounts are positive where they are owed."""

    key = Text("The month it is due in, such as `2026-11`.")
    state = Text("`closed`; `awaited` until the bank sends it; `open`; or `future`.", source="cycle.state")
    opens = Day("The first day of the cycle.", source="cycle.opens")
    closes = Day("The last day of the cycle.", source="cycle.closes")
    due_date = Day("When it is due.", source="cycle.due")
    is_estimate = YesNo("Whether `amount` is not the bank's own.")
    amount = Money("The bank's total of a closed bill; else the lines so far and the instalments that are expected.")
    bank_total = Money("The total that the bank sent.", null=True)
    lines_total = Money("What its lines add up to, without payments.", source="sums.owed")
    lines_count = Number("How many lines it has.", source="sums.count")
    payments = Money("What was paid in the cycle.", source="sums.payments")
    expected = Money("What instalments will add that the bank has not posted yet.")


class PartSerializer(serializers.Serializer[Any]):
    """A part of the difference between the bank's total and the lines."""

    cause = Text("`charges`, `carried` from the bill before, `paid`, or `unconfirmed` lines.")
    amount = Money("Positive if it makes the bank's total larger than the lines.")


class ProofSerializer(serializers.Serializer[Any]):
    """The bank's total beside the sum of the lines."""

    total = Money("The bank's total.")
    lines = Money("The sum of the lines.")
    difference = Money("The total without the lines.")
    parts = PartSerializer(many=True, read_only=True, help_text="What explains the difference, as the bank says it.")
    unexplained = Money("What is left of the difference.")
    is_exact = YesNo("Whether the lines alone add up to the total.")
    is_explained = YesNo("Whether the lines and the parts do.")


class ProvedBillSerializer(CardBillSerializer):
    """A bill with its proof."""

    proof = ProofSerializer(allow_null=True, read_only=True, help_text="Of a closed bill whose total the bank sent.")


class MonthSerializer(serializers.Serializer[Any]):
    """What is owed in a month, over all cards."""

    month = Day("The first day of the month.")
    posted = Money("Lines of bills that are not closed.")
    expected = Money("Instalments that the bank has not posted yet.")
    to_pay = Money("What is left to pay of closed bills.")
    total = Money("All of it.")


def _card(view: ApiView, number: int) -> Account:
    """The card with this id. Raises Http404, also for an account that is no card."""
    return one(view.rows(Account.objects.live().filter(type="CREDIT")), number)


class CardBillsView(ApiView):
    """The bills of a card."""

    @described("Bills of a card by month", list_of("bills", CardBillSerializer))
    def get(self, request: Request, account_id: int) -> Response:
        """Newest first: those ahead that have lines or instalments, the open one, and at most 24 before it."""
        return answer(bills=CardBillSerializer(bills_of(_card(self, account_id)), many=True).data)


class CardBillView(ApiView):
    """One bill of a card."""

    @described("A bill of a card with its proof", one_of("bill", ProvedBillSerializer))
    def get(self, request: Request, account_id: int, key: str) -> Response:
        """The bill that is due in the month `key`, such as `2026-11`."""
        found = find_bill(_card(self, account_id), key)
        if found is None:
            raise Http404
        return answer(bill=ProvedBillSerializer(found[1]).data)


class MonthsView(ApiView):
    """What is owed on cards."""

    @described("What is owed on cards in coming months", list_of("months", MonthSerializer))
    def get(self, request: Request) -> Response:
        """The months from now on in which something is owed. Nothing counts twice."""
        cards = self.rows(Account.objects.live().filter(type="CREDIT"))
        return answer(months=MonthSerializer(coming_months(cards), many=True).data)
