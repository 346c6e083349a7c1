"""What was spent and earned: the sums that the overview and agents' tools show."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.banking.categories import Categories
from apps.banking.models import Transaction
from apps.banking.pages.filters import booked

# The category that counts: the person's choice, else the bank's.
CATEGORY = Coalesce("user_category__vendor_id", "category_id")


def counted(rows: Any, first: date | None, last: date | None = None) -> Any:
    """The booked rows between two days, both included, that count in sums. `rows` are transactions of a client."""
    shown = rows.shown().filter(booked(timezone.localdate()))
    shown = shown.filter(date__gte=first) if first else shown
    return shown.filter(date__lte=last) if last else shown


def totals_by(rows: QuerySet[Transaction], key: Any) -> list[dict[str, Any]]:
    """For each currency and `key`: `total`, which is negative for money that went out."""
    found: Any = rows.order_by().values("currency_code", key=key).annotate(total=Sum("amount"))
    return list(found)


def by_top(spent: Iterable[tuple[str, Decimal]], categories: Categories) -> list[tuple[Decimal, str]]:
    """The amounts of top categories, the largest first. What was refunded more than spent is left out."""
    tops: dict[str, Decimal] = {}
    for key, amount in spent:
        top = categories.top(key) if key else ""
        tops[top] = tops.get(top, Decimal()) + amount
    return sorted(((amount, key) for key, amount in tops.items() if amount > 0), reverse=True)
