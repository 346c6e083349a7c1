"""Accounts and cards: all balances, one account, and its number on request."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.audit.record import record
from apps.banking.categories import Categories
from apps.banking.models import Account, BalanceSnapshot, Investment, Transaction
from apps.banking.pages.account_rows import in_groups, row_of, sums
from apps.banking.pages.bank_names import bank_names
from apps.banking.pages.freshness import oldest
from apps.banking.pages.rows import rows_of
from lib.keyset import Keyset
from lib.pages import display
from lib.pages.charts import Point
from lib.pages.views import ClientPage

# No client has as many accounts; a page shows no more of them, so that it stays a page.
MOST = 500
HISTORY = timedelta(days=365)
# So many points look like a line; more would only be bytes.
MOST_POINTS = 120
LAST_TRANSACTIONS = 8
# Large columns that a list does not show.
SEALED = [field.name for field in Account._meta.concrete_fields if field.name.endswith(("_sealed", "_index"))]


class Accounts(ClientPage):
    """Balances in groups, with sums."""

    template_name, section = "banking/accounts.html", "accounts"

    def get(self, request: HttpRequest) -> HttpResponse:
        accounts = list(listed(self.visible(Account))[:MOST])
        connections = {account.connection_id: account.connection for account in accounts}.values()
        positions = self.visible(Investment).live().values("currency_code").order_by().annotate(total=Sum("balance"))
        return self.show(
            groups=in_groups([(account, account.connection) for account in accounts], bank_names(connections)),
            invested=sums((each["total"], each["currency_code"]) for each in positions),
            freshness=oldest(connections),
        )


class AccountDetail(ClientPage):
    """One account or card."""

    template_name, section = "banking/account.html", "accounts"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._answer(self._account(pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the whole number, once: the page with it is not kept, and the audit says that it was shown."""
        account = self._account(pk)
        record("account.reveal", actor=request.user.pk, client=account.client_id, subject=account)
        return self._answer(account, number=account.number or "–", transfer_number=account.transfer_number)

    def _account(self, pk: int) -> Account:
        rows = self.visible(Account).live().select_related("connection__connector")
        account: Account = self.get_or_404(rows.defer("connection__extra_sealed"), pk=pk)
        return account

    def _answer(self, account: Account, **more: Any) -> HttpResponse:
        rows = self.visible(Transaction).filter(account=account).shown().newest_first()[:LAST_TRANSACTIONS]
        return self.show(
            row=row_of(account, account.connection),
            account=account,
            points=history(self.visible(BalanceSnapshot).filter(account=account), account),
            days=rows_of(list(rows), Categories.read(), {account.pk: account}),
            used_share=used_share(account),
            **more,
        )


def listed(accounts: Any) -> QuerySet[Account]:
    """The accounts of a list, with their banks, and without sealed columns."""
    joined = accounts.live().select_related("connection__connector")
    rows: QuerySet[Account] = joined.defer(*SEALED, "connection__extra_sealed", "connection__credential_sealed")
    return rows.order_by("connection_id", "type", "name", "pk")


def history(snapshots: Any, account: Account) -> Sequence[Point]:
    """The balance of each day of the last year, thinned out to what a chart can show. A card's is a debt."""
    recent = snapshots.filter(date__gte=timezone.localdate() - HISTORY)
    days: list[BalanceSnapshot] = Keyset(("-date", "-id")).page(recent, size=HISTORY.days + 2).rows[::-1]
    step = max(1, -(-len(days) // MOST_POINTS))
    # The newest day is always there.
    chosen = days[::-1][::step][::-1]
    sign = -1 if account.is_card else 1
    return [
        Point(display.day(day.date), sign * day.balance, display.money(sign * day.balance, day.currency_code))
        for day in chosen
    ]


def used_share(account: Account) -> int | None:
    """How much of a card's limit is used, per hundred."""
    limit, left = account.credit_limit, account.available_credit_limit
    if not limit or left is None:
        return None
    return int(max(Decimal(), min(Decimal(100), 100 * (limit - left) / limit)))
