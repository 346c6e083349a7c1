"""The filter above the list of transactions; exports obey it too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.banking.categories import Categories
from apps.banking.models import Account, Transaction
from apps.banking.pages.bank_names import bank_names

ANY = _("Any")
LONGEST_AMOUNT = 30
PERIODS = [
    ("", _("Any time")),
    ("7", _("Last 7 days")),
    ("30", _("Last 30 days")),
    ("month", _("This month")),
    ("last", _("Last month")),
    ("90", _("Last 90 days")),
    ("year", _("This year")),
]
BOOKED, PENDING = "booked", "pending"
ONLY, ALL = "only", "all"


class AmountField(forms.Field):
    """An amount as people write it in Portuguese or English: 1.234,56, 1,234.56, 1234.56, R$ 50."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "maxlength": LONGEST_AMOUNT})

    def to_python(self, value: Any) -> Decimal | None:
        text = str(value or "").strip()
        return amount_of(text) if text else None


def amount_of(text: str) -> Decimal:
    """The number that digits, points and commas mean: the last mark is decimal if at most two digits follow."""
    found = re.fullmatch(r"([\d.,]*?)(?:[.,](\d{0,2}))?", re.sub(r"[^\d.,-]", "", text), re.ASCII)
    whole, cents = found.groups() if found and len(text) <= LONGEST_AMOUNT else ("", None)
    digits = re.sub(r"[.,]", "", whole)
    if not digits and not cents:
        raise forms.ValidationError(_("Write an amount such as 50 or 1.234,56."))
    return Decimal(f"{digits or 0}.{cents or 0}")


class TransactionFilter(forms.Form):
    """All filters of transactions. Every one is optional."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Shop, person, note…")}),
    )
    period = forms.ChoiceField(label=_("Period"), required=False, choices=PERIODS)
    account = forms.ChoiceField(label=_("Account"), required=False)
    category = forms.ChoiceField(label=_("Category"), required=False)
    direction = forms.ChoiceField(
        label=_("Direction"), required=False, choices=[("", ANY), ("out", _("Money out")), ("in", _("Money in"))]
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    least = AmountField(label=_("At least"), required=False)
    most = AmountField(label=_("At most"), required=False)
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", ANY), (BOOKED, _("Booked")), (PENDING, _("Scheduled or pending"))],
    )
    hidden = forms.ChoiceField(
        label=_("Hidden"),
        required=False,
        choices=[("", _("Without hidden")), (ALL, _("With hidden")), (ONLY, _("Only hidden"))],
    )

    # In the fold below the first line of the form.
    FOLDED = ("direction", "since", "until", "least", "most", "status", "hidden")

    def __init__(self, data: QueryDict, accounts: Sequence[Account], categories: Categories) -> None:
        super().__init__(data, auto_id="filter_%s")
        self.categories = categories
        chosen = self.fields["account"]
        chosen.choices = _accounts(accounts)  # type: ignore[attr-defined]
        self.fields["category"].choices = [("", ANY), *categories.choices()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        since, until = values.get("since"), values.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day is before the first one."))
        return values

    @property
    def first_line(self) -> list[forms.BoundField]:
        """The fields that are always shown."""
        return [self[name] for name in self.fields if name not in self.FOLDED]

    @property
    def folded(self) -> list[forms.BoundField]:
        """The other fields."""
        return [self[name] for name in self.FOLDED]

    @property
    def is_unfolded(self) -> bool:
        """Whether a folded field is in use or wrong."""
        return any(self.data.get(name) for name in self.FOLDED)


def _accounts(accounts: Sequence[Account]) -> list[tuple[str, Any]]:
    """All accounts by bank; a whole bank can be chosen too."""
    by_bank: dict[int, list[tuple[str, str]]] = {}
    names = bank_names({account.connection_id: account.connection for account in accounts}.values())
    for account in accounts:
        by_bank.setdefault(account.connection_id, [(f"c{account.connection_id}", str(_("All of it")))]).append(
            (str(account.pk), account.title)
        )
    return [("", ANY), *((names[key], choices) for key, choices in by_bank.items())]


@dataclass(frozen=True)
class Narrowing:
    """Applies the values of a valid filter form to transactions of one client."""

    client: UUID
    categories: Categories
    chosen: dict[str, Any]

    def apply(self, rows: QuerySet[Transaction]) -> QuerySet[Transaction]:
        """The rows that the filter chooses; hidden ones only if it asks for them."""
        condition = self._place() & self._time() & self._amount() & self._category()
        rows = rows.filter(condition, deleted_at=None)
        hidden = self.chosen.get("hidden")
        if hidden != ALL:
            rows = rows.filter(hidden=hidden == ONLY)
        if text := self.chosen.get("q"):
            rows = rows.matching(self.client, text)  # type: ignore[attr-defined]
        return rows

    def _place(self) -> Q:
        key = self.chosen.get("account") or ""
        if key.startswith("c"):
            return Q(account__connection_id=int(key[1:]))
        return Q(account_id=int(key)) if key else Q()

    def _time(self) -> Q:
        first, last = span(self.chosen.get("period") or "", timezone.localdate())
        since, until = self.chosen.get("since") or first, self.chosen.get("until") or last
        return Q(**({"date__gte": since} if since else {}), **({"date__lte": until} if until else {}))

    def _amount(self) -> Q:
        """Amounts without their sign: people think of a purchase of 50, not of −50."""
        least, most, direction = (self.chosen.get(name) for name in ("least", "most", "direction"))
        out, into = Q(amount__lt=0), Q(amount__gt=0)
        if least is not None:
            out, into = out & Q(amount__lte=-least), into & Q(amount__gte=least)
        if most is not None:
            out, into = out & Q(amount__gte=-most), into & Q(amount__lte=most)
        if direction:
            return out if direction == "out" else into
        return out | into if least is not None or most is not None else Q()

    def _category(self) -> Q:
        """The category and all below it; the person's choice counts before the bank's."""
        vendor_id = self.chosen.get("category")
        if not vendor_id:
            return Q()
        branch = self.categories.branch(vendor_id)
        own = Q(user_category_id__in=[row.pk for row in branch])
        return own | Q(user_category=None, category_id__in=[row.vendor_id for row in branch])


def span(period: str, today: date) -> tuple[date | None, date | None]:
    """The first and the last day of a quick choice; None where it is open."""
    first = today.replace(day=1)
    if period.isdigit():
        return today - timedelta(days=int(period) - 1), None
    return {
        "month": (first, None),
        "last": ((first - timedelta(days=1)).replace(day=1), first - timedelta(days=1)),
        "year": (today.replace(month=1, day=1), None),
    }.get(period, (None, None))


def upcoming(today: date) -> Q:
    """Scheduled and pending rows, which stand apart from the booked ones."""
    return Q(status="PENDING") | Q(date__gt=today)


def booked(today: date) -> Q:
    """The rows that the bank has booked."""
    return ~Q(status="PENDING") & Q(date__lte=today)
