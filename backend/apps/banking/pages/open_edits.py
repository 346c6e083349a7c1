"""Edits that a new id left open: the person names the transaction that replaces the withdrawn one, or drops them."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.audit.record import record
from apps.banking.categories import Categories
from apps.banking.models import Account, Transaction
from apps.banking.pages.accounts import MOST, listed
from apps.banking.pages.rows import TransactionRow, row_of
from apps.banking.rows.carried_edits import NotCarried, carry_by_hand, discard_by_hand, open_edits, options
from lib.pages.views import ClientPage

# A page of decisions; the next ones follow when these are made.
SHOWN = 20
# So many rows are offered for each.
CHOICES = 5


@dataclass(frozen=True)
class Decision:
    """A withdrawn transaction with edits, and the rows that may replace it."""

    old: TransactionRow
    choices: list[TransactionRow]


class OpenEdits(ClientPage):
    """The list of decisions, and the two answers: carry and drop."""

    template_name, section = "banking/open_edits.html", "transactions"

    def get(self, request: HttpRequest) -> HttpResponse:
        accounts = {account.pk: account for account in listed(self.visible(Account))[:MOST]}
        mine = self.visible(Transaction).filter(pk__in=open_edits().values("pk"), account_id__in=list(accounts))
        rows = list(mine.order_by("-deleted_at", "-pk")[: SHOWN + 1])
        return self.show(decisions=self._decisions(rows[:SHOWN], accounts), has_more=len(rows) > SHOWN)

    def post(self, request: HttpRequest) -> HttpResponse:
        old = self.get_or_404(self.visible(Transaction), pk=_number(request, "old"))
        try:
            if request.POST.get("answer") == "drop":
                discard_by_hand(old.pk)
                record("edits.drop", actor=request.user.pk, client=old.client_id, subject=old)
            else:
                new = self.get_or_404(self.visible(Transaction), pk=_number(request, "new"))
                carry_by_hand(old.pk, new.pk)
                record("edits.carry", actor=request.user.pk, client=old.client_id, subject=old, to=new.pk)
        except NotCarried:
            messages.error(request, _("This has been decided meanwhile, or the bank changed it. Look again."))
        else:
            messages.success(request, _("Done."))
        return redirect("banking:open-edits")

    def _decisions(self, rows: list[Transaction], accounts: dict[int, Account]) -> list[Decision]:
        fits: dict[int, list[int]] = {}
        for account_id in sorted({row.account_id for row in rows}):
            fits |= options(account_id)
        offered = {row.pk: fits.get(row.pk, [])[:CHOICES] for row in rows}
        choices = self._rows({pk for each in offered.values() for pk in each})
        categories = Categories.read()

        def present(row: Transaction) -> TransactionRow:
            return row_of(row, categories, accounts)

        return [
            Decision(present(row), [present(choices[pk]) for pk in offered[row.pk] if pk in choices]) for row in rows
        ]

    def _rows(self, ids: set[int]) -> dict[int, Any]:
        return {row.pk: row for row in self.visible(Transaction).live().filter(pk__in=ids)}


def _number(request: HttpRequest, name: str) -> int:
    """The number in a field; 0, which no row has, for anything else."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
