"""Which transactions a call asks for."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.banking.api.filters import OfAccountInPeriod, Reference
from apps.banking.api.periods import between
from apps.banking.models.transaction import TransactionQuerySet
from apps.banking.sizes import MONEY

FORM = r"^-?[0-9]{1,20}(\.[0-9]{1,8})?$"


@extend_schema_field({"type": "string", "pattern": FORM, "example": "-135.42"})
class Amount(serializers.DecimalField):
    """An amount in a query: digits, and a point before at most eight decimals."""

    def __init__(self, help_text: str) -> None:
        super().__init__(**MONEY, required=False, help_text=help_text)

    def to_internal_value(self, data: object) -> Decimal:
        """The amount. Raises ValidationError for an exponent, a space, NaN and the like."""
        if not re.fullmatch(FORM, str(data)):
            self.fail("invalid")
        return super().to_internal_value(str(data))


class TransactionQuery(OfAccountInPeriod):
    """The filters of transactions."""

    connection = Reference("Only rows of this connection.")
    amount_min = Amount("The least amount. Money that went out is negative: -100 is less than -5.")
    amount_max = Amount("The greatest amount.")
    direction = serializers.ChoiceField(["in", "out"], required=False, help_text="`in`: not negative; `out`: negative.")
    category = serializers.CharField(
        max_length=100, required=False, help_text="A category's id: the person's choice, else the bank's."
    )
    text = serializers.CharField(
        max_length=200,
        required=False,
        help_text=(
            "Beginnings of words of the description, the merchant or the note, without case and accents. "
            "New rows are found after about 15 seconds."
        ),
    )
    status = serializers.ChoiceField(["POSTED", "PENDING"], required=False, help_text="Booked, or not yet.")
    hidden = serializers.ChoiceField(
        ["no", "only", "all"], default="no", required=False, help_text="What the person has hidden."
    )


def matching(rows: TransactionQuerySet, query: dict[str, Any], client: UUID) -> TransactionQuerySet:
    """The rows that fit all filters of `query`."""
    rows = between(rows, query)
    for name, condition in _CONDITIONS.items():
        if name in query:
            rows = rows.filter(condition(query[name]))
    # Without a word to search for, no row fits.
    return rows.matching(client, query["text"]) if "text" in query else rows


_CONDITIONS: dict[str, Callable[[Any], Q]] = {
    "account": lambda value: Q(account_id=value),
    "connection": lambda value: Q(account__connection_id=value),
    "amount_min": lambda value: Q(amount__gte=value),
    "amount_max": lambda value: Q(amount__lte=value),
    "direction": lambda value: Q(amount__lt=0) if value == "out" else Q(amount__gte=0),
    "category": lambda value: Q(user_category__vendor_id=value) | Q(user_category=None, category_id=value),
    "status": lambda value: Q(status=value),
    "hidden": lambda value: Q() if value == "all" else Q(hidden=value == "only"),
}
