"""/api/accounts/ and /api/balances/: accounts and cards, and what was on them day by day."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Day, Moment, Money, Number, Text, YesNo
from apps.api.schema import described, one_of, page_of
from apps.api.views import ApiView, ListView, answer, one
from apps.banking.api.filters import OfAccountInPeriod, OfConnection
from apps.banking.api.periods import between
from apps.banking.models import Account, BalanceSnapshot
from lib.keyset import Keyset


class CardSerializer(serializers.Serializer[Any]):
    """What only cards have."""

    brand = Text("Such as `VISA`.")
    level = Text("Such as `GOLD`.")
    status = Text("Such as `ACTIVE`.", source="credit_status")
    credit_limit = Money("The limit.", null=True)
    available_credit_limit = Money("What is left of it.", null=True)
    minimum_payment = Money("The least that must be paid of the open bill.", null=True)
    close_date = Day("When the open bill closes.", null=True, source="balance_close_date")
    due_date = Day("When it is due.", null=True, source="balance_due_date")
    is_limit_flexible = YesNo("Whether the bank changes the limit by itself.", null=True)

    def get_attribute(self, instance: Account) -> Account | None:
        """The account itself if it is a card."""
        return instance if instance.type == "CREDIT" else None


class AccountSerializer(serializers.Serializer[Any]):
    """An account or a card. `balance` of a card is what is owed."""

    id = Number("The account's id.")
    connection_id = Number("Its connection.")
    type = Text("`BANK` or `CREDIT`.")
    subtype = Text("`CHECKING_ACCOUNT`, `SAVINGS_ACCOUNT` or `CREDIT_CARD`.")
    name = Text("What the bank calls it.")
    marketing_name = Text("The name of the bank's product.")
    number_end = serializers.SerializerMethodField(help_text="The last four letters of its number.")
    currency_code = Text("ISO 4217, such as `BRL`; `XXX` if the bank does not say.")
    balance = Money("The balance in `currency_code`, with the sign that the bank sends.", null=True)
    automatically_invested_balance = Money("What the bank has invested by itself.", null=True)
    overdraft_contracted_limit = Money("The overdraft that was agreed.", null=True)
    overdraft_used_limit = Money("What is used of it.", null=True)
    card = CardSerializer(
        source="*", allow_null=True, read_only=True, help_text="What only cards have; null for an account."
    )
    last_updated_at = Moment(
        "When the aggregator last read the bank: the age of the balance.",
        null=True,
        source="connection.last_updated_at",
    )

    def get_number_end(self, account: Account) -> str:
        """Never the whole number: a program that reads balances need not know it."""
        return str(account.number)[-4:]


class AccountsView(ListView):
    """The list."""

    name, shape, order, query = "accounts", AccountSerializer, Keyset(("-id",)), OfConnection

    def find(self, query: dict[str, Any]) -> QuerySet[Account]:
        """The client's accounts that the bank still has."""
        rows = self.rows(Account.objects.live().select_related("connection"))
        return rows.filter(connection_id=query["connection"]) if "connection" in query else rows

    @described("Accounts and cards", page_of("accounts", AccountSerializer), query=OfConnection)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first."""
        return super().get(request)


class AccountView(ApiView):
    """One account."""

    @described("An account", one_of("account", AccountSerializer))
    def get(self, request: Request, account_id: int) -> Response:
        """An account or a card."""
        rows = self.rows(Account.objects.live().select_related("connection"))
        return answer(account=AccountSerializer(one(rows, account_id)).data)


class BalanceSerializer(serializers.Serializer[Any]):
    """The balance of an account on a day, as the bank last sent it on that day."""

    account_id = Number("The account.")
    date = Day("The day, in Brazil.")
    balance = Money("The balance in `currency_code`.")
    currency_code = Text("ISO 4217.")
    taken_at = Moment("When it was read.")


class BalancesView(ListView):
    """The history of balances."""

    name, shape, order, query = "balances", BalanceSerializer, Keyset(("-date", "-id")), OfAccountInPeriod

    def find(self, query: dict[str, Any]) -> QuerySet[BalanceSnapshot]:
        """The balances of the client's accounts, or of one of them."""
        rows = between(self.rows(BalanceSnapshot.objects.all()), query)
        return rows.filter(account_id=query["account"]) if "account" in query else rows

    @described("Balances by day", page_of("balances", BalanceSerializer), query=OfAccountInPeriod)
    def get(self, request: Request, **path: Any) -> Response:
        """The last day first. A day on which the bank sent nothing has no row."""
        return super().get(request)
