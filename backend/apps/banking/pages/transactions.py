"""The list of transactions: search, filters, what is scheduled or pending apart from what is booked."""

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from apps.banking.categories import Categories
from apps.banking.models import Account, Transaction
from apps.banking.pages.accounts import MOST, listed
from apps.banking.pages.filters import BOOKED, PENDING, Narrowing, TransactionFilter, booked, upcoming
from apps.banking.pages.rows import Day, rows_of
from apps.banking.rows.carried_edits import open_edits
from lib.pages.views import ClientPage, ListPage

# At most so many scheduled and pending rows stand above the list; the filter shows all of them.
MOST_UPCOMING = 20
SEALED = ("extra_sealed", "digest")


class Filtered(ClientPage):
    """What the list and its exports share: the filter, and the rows that it chooses."""

    request: HttpRequest

    @cached_property
    def accounts(self) -> dict[int, Account]:
        """The client's accounts with their banks, by number."""
        return {account.pk: account for account in listed(self.visible(Account))[:MOST]}

    @cached_property
    def categories(self) -> Categories:
        """All categories."""
        return Categories.read()

    @cached_property
    def bound(self) -> TransactionFilter:
        """The filter of this request."""
        return TransactionFilter(self.request.GET, list(self.accounts.values()), self.categories)

    def chosen(self) -> Any:
        """The rows that the filter chooses, in no order; none if it has a mistake, which the form then shows."""
        rows = self.visible(Transaction).defer(*SEALED)
        if not self.bound.is_valid():
            return rows.none()
        narrowing = Narrowing(self.membership.client_id, self.categories, self.bound.cleaned_data)
        return narrowing.apply(rows)


class Transactions(Filtered, ListPage[Transaction]):
    """The list. Its first page has the scheduled and pending rows above it."""

    template_name, section, order = "banking/transactions.html", "transactions", ("-date", "-id")
    filter_form = TransactionFilter

    def form(self) -> TransactionFilter:
        return self.bound

    def rows(self) -> Any:
        status = self.bound.cleaned_data.get("status") if self.bound.is_valid() else ""
        today = timezone.localdate()
        return self.chosen().filter(upcoming(today) if status == PENDING else booked(today))

    def present(self, rows: list[Transaction]) -> list[Day]:
        return rows_of(rows, self.categories, self.accounts)

    def more(self, rows: list[Transaction]) -> dict[str, Any]:
        is_first = "after" not in self.request.GET
        query = self.request.GET.copy()
        query.pop("after", None)
        return {
            "upcoming": self._upcoming() if is_first else [],
            "export_query": query.urlencode(),
            "has_accounts": bool(self.accounts),
            "has_open_edits": is_first and self._has_open_edits(),
        }

    def _upcoming(self) -> list[Day]:
        if not self.bound.is_valid() or self.bound.cleaned_data.get("status") in (BOOKED, PENDING):
            return []
        rows = self.chosen().filter(upcoming(timezone.localdate())).order_by("date", "id")[:MOST_UPCOMING]
        return self.present(list(rows))

    def _has_open_edits(self) -> bool:
        return open_edits().filter(account_id__in=list(self.accounts)).exists()
