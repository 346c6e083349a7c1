"""/api/transactions/: what moved, and what a person says about it."""

from typing import Any

from django.db import transaction as database
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import trail
from apps.api.errors import Refused
from apps.api.fields import Day, Moment, Money, Number, StrictBoolean, StrictText, Text, YesNo
from apps.api.inputs import Input, read_body
from apps.api.schema import described, one_of, page_of
from apps.api.views import ApiView, ListView, answer, one
from apps.banking.api.transaction_query import TransactionQuery, matching
from apps.banking.edits import LONGEST_NOTE, NotEdited, edit_transaction
from apps.banking.models import Category, Transaction
from apps.banking.models.transaction import TransactionQuerySet
from lib.keyset import Keyset


class TransactionSerializer(serializers.Serializer[Any]):
    """Money that moved, or will move."""

    id = Number("The transaction's id. The bank may replace a transaction by one with another id.")
    account_id = Number("Its account or card.")
    date = Day("The day in Brazil to which it belongs.")
    occurred_at = Moment("The moment, if the bank knows it.", null=True)
    description = Text("What the bank calls it.")
    amount = Money("In `currency_code`; negative for money that went out.")
    currency_code = Text("ISO 4217, such as `BRL`.")
    amount_in_account_currency = Money("The same in the account's currency, of purchases abroad.", null=True)
    direction = serializers.SerializerMethodField(help_text="`out` for a negative amount, else `in`.")
    status = Text("`POSTED` if it is booked, `PENDING` if it is not yet.")
    kind = Text(
        "`expense`, `income`, `transfer` (a Pix, TED or DOC of anybody), `own_transfer`, `bill_payment`, `refund`, "
        "`fee`, `investment` or `credit`; empty for a row that was stored before Ponte knew kinds."
    )
    balance = Money("The balance of the account after it, if the bank says.", null=True)
    category_id = serializers.SerializerMethodField(help_text="The person's category, else the bank's; may be empty.")
    category_is_own = serializers.SerializerMethodField(help_text="Whether the person chose the category.")
    category_name = Text("The bank's name of its own category, in English.", source="category")
    merchant_name = Text("The shop, if the bank knows it.")
    payment_method = Text("Such as `PIX`, `TED` or `BOLETO`.")
    operation_type = Text("The bank's word for the kind of operation.")
    installment_number = Number("The number of the instalment, of purchases by card.", null=True)
    total_installments = Number("Of how many.", null=True)
    purchase_date = Day("The day of the purchase, of instalments.", null=True)
    bill_id = Text("The aggregator's id of the bill that it is on; empty if none.")
    note = Text("The person's note.")
    hidden = YesNo("Whether the person has hidden it.")

    def get_direction(self, row: Transaction) -> str:
        """By the sign."""
        return "out" if row.amount < 0 else "in"

    def get_category_id(self, row: Transaction) -> str:
        """As categories have it."""
        return row.user_category.vendor_id if row.user_category else row.category_id

    def get_category_is_own(self, row: Transaction) -> bool:
        """Whether there is a choice of the person's."""
        return row.user_category_id is not None


class TransactionEdit(Input):
    """What a person says about a transaction. A field that is not sent stays as it is."""

    category_id = StrictText(
        required=False, allow_null=True, max_length=100, help_text="A category's id; null: the bank's own again."
    )
    note = StrictText(required=False, allow_blank=True, max_length=LONGEST_NOTE, help_text="A note; empty removes it.")
    hidden = StrictBoolean(required=False, help_text="Hidden transactions count in no sum and no list.")


def _rows(view: ApiView) -> TransactionQuerySet:
    found: Any = view.rows(Transaction.objects.live().select_related("user_category"))
    return found  # type: ignore[no-any-return]


class TransactionsView(ListView):
    """The list."""

    name, shape, order, query = "transactions", TransactionSerializer, Keyset(("-date", "-id")), TransactionQuery

    def find(self, query: dict[str, Any]) -> TransactionQuerySet:
        """Those that the query asks for."""
        return matching(_rows(self), query, self.membership.client_id)

    @described("Transactions", page_of("transactions", TransactionSerializer), query=TransactionQuery)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first. All filters must fit. What the person has hidden is left out unless `hidden` asks for it."""
        return super().get(request)


class TransactionView(ApiView):
    """One transaction."""

    @described("A transaction", one_of("transaction", TransactionSerializer))
    def get(self, request: Request, transaction_id: int) -> Response:
        """A transaction, hidden or not."""
        return answer(transaction=TransactionSerializer(one(_rows(self), transaction_id)).data)

    @described("Edit a transaction", one_of("transaction", TransactionSerializer), body=TransactionEdit, errors=(409,))
    def patch(self, request: Request, transaction_id: int) -> Response:
        """Changes the category, the note, or whether it is hidden. No sync overwrites these."""
        row = one(_rows(self).select_related("account__connection", "user_category"), transaction_id)
        sent = read_body(request, TransactionEdit)
        if "category_id" in sent:
            sent["category"] = _category(sent.pop("category_id"), row)
        try:
            with database.atomic():
                edit_transaction(row, **sent)
                if sent:
                    trail.changed(self.access, "transaction.edit", row, fields=sorted(sent))
        except NotEdited as error:
            raise Refused(409, "NOT_EDITED", str(error)) from None
        return answer(transaction=TransactionSerializer(row).data)


def _category(vendor_id: str | None, row: Transaction) -> Category | None:
    if vendor_id is None:
        return None
    rows = Category.objects.live().filter(aggregator=row.account.connection.aggregator, vendor_id=vendor_id)
    if (found := rows.first()) is None:
        raise Refused(409, "NO_SUCH_CATEGORY", "there is no such category", category_id=vendor_id)
    return found
