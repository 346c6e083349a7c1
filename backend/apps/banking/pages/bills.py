"""The pages of a card's bills: the list, one bill with its proof, its instalments; and what all cards owe."""

from decimal import Decimal
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from apps.banking.cards.bills import bills_of, coming_months, find_bill, lines_of
from apps.banking.cards.cycles import State
from apps.banking.models import Account
from apps.banking.pages.bill_rows import (
    bars,
    bill_row,
    line_row,
    month_row,
    proof_notice,
    proof_rows,
)
from apps.banking.pages.freshness import freshness, oldest
from apps.banking.pages.purchases import purchases_of
from lib.pages.views import ClientPage

# So many months are drawn.
MONTHS = 12
CARDS = 40


class CardPage(ClientPage):
    """A page about one card of the client."""

    section = "accounts"

    def card(self, pk: int) -> Account:
        """The card; 404 for a bank account, and for a card of another client."""
        rows = self.visible(Account).live().filter(type="CREDIT").select_related("connection__connector")
        account: Account = self.get_or_404(rows, pk=pk)
        return account

    def show_card(self, account: Account, tab: str, **context: Any) -> HttpResponse:
        """The template, with what all pages of a card show."""
        return self.show(account=account, tab=tab, freshness=freshness(account.connection), **context)


class Bills(CardPage):
    """All bills of a card, and what is owed in the months ahead."""

    template_name = "banking/bills/bills.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = self.card(pk)
        bills = bills_of(account)
        ahead = [bill for bill in bills[::-1] if bill.cycle.state in (State.OPEN, State.FUTURE)][:MONTHS]
        rows = [bill_row(bill) for bill in bills if bill.cycle.state is not State.FUTURE]
        chart = bars([(bill.cycle.month, bill.amount) for bill in ahead], account.currency_code)
        return self.show_card(account, "bills", bills=rows, bars=chart)


class BillPage(CardPage):
    """One bill: an estimate while it is open, a proof once it has closed; its lines by day."""

    template_name = "banking/bills/bill.html"

    def get(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        account = self.card(pk)
        found = find_bill(account, key)
        if found is None:
            raise Http404
        card, bill = found
        try:
            page = lines_of(card, bill, request.GET.get("after", ""))
        except ValueError:
            raise Http404 from None
        closed, proof = bill.cycle.state is State.CLOSED, bill.proof
        days = [
            (day, [line_row(line, closed=closed) for line in lines])
            for day, lines in groupby(page.lines, lambda line: line.day)
        ]
        return self.show_card(
            account,
            "bills",
            row=bill_row(bill),
            bill=bill,
            days=days,
            next=f"?after={page.next}" if page.next else "",
            proof=proof,
            proof_rows=proof_rows(proof) if proof else [],
            notice=proof_notice(proof) if proof else None,
        )


class Instalments(CardPage):
    """The purchases in instalments: how far each is, and what is to come."""

    template_name = "banking/bills/instalments.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = self.card(pk)
        rows = purchases_of(account)
        running = [row for row in rows if row.left > 0]
        return self.show_card(
            account,
            "instalments",
            running=running,
            ended=[row for row in rows if row.left <= 0],
            left=sum((row.left for row in running), Decimal(0)),
        )


class Coming(ClientPage):
    """What the client owes in each coming month, on all cards."""

    template_name, section = "banking/bills/coming.html", "accounts"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = self.visible(Account).live().filter(type="CREDIT").select_related("connection__connector")
        cards = list(rows.order_by("currency_code", "pk")[:CARDS])
        groups = [
            self._group(currency, list(of_currency))
            for currency, of_currency in groupby(cards, lambda card: card.currency_code)
        ]
        return self.show(groups=groups, cards=cards, freshness=oldest(card.connection for card in cards))

    def _group(self, currency: str, cards: list[Account]) -> dict[str, Any]:
        """The months of the cards of one currency; amounts of several are not added."""
        months = coming_months(cards)
        chart = bars([(month.month, month.total) for month in months[:MONTHS]], currency)
        return {
            "currency": currency,
            "cards": cards,
            "months": [month_row(month, cards) for month in months],
            "bars": chart,
        }
