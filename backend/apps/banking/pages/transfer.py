"""What a transaction counts as: its kind, the transaction that it belongs to, and how a person corrects both."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from apps.banking.cards.bills import series_of
from apps.banking.cards.said import (
    NotSaid,
    belong_together,
    is_no_transfer,
    let_the_rules_say,
    may_belong_to,
    pair_of,
    say_kind,
)
from apps.banking.categories import Categories
from apps.banking.models import Kind, Transaction
from apps.banking.pages.freshness import freshness
from apps.banking.pages.rows import TransactionRow, row_of
from lib.pages.views import ClientPage

SAYABLE = [choice for choice in Kind.choices if choice[0] != Kind.TRANSFER]


class SaidForm(forms.Form):
    """What a person says: `none` (no transfer), `pair` with another row, `kind`, or `rules` (forget what was said)."""

    act = forms.ChoiceField(choices=[(name, name) for name in ("none", "pair", "kind", "rules")])
    other = forms.IntegerField(required=False, min_value=1)
    kind = forms.ChoiceField(required=False, choices=[("", "–"), *SAYABLE])


class KindForm(forms.Form):
    """The choice of a kind, as the page shows it."""

    kind = forms.ChoiceField(label=_("What it is"), choices=[("", "–"), *SAYABLE])


class Transfer(ClientPage):
    """The page of one transaction's kind and pair."""

    template_name, section = "banking/bills/transfer.html", "transactions"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._answer(self._row(pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row, form = self._row(pk), SaidForm(request.POST)
        try:
            if not form.is_valid():
                raise NotSaid(_("Choose what the transaction is."))
            self._say(row, **form.cleaned_data)
        except NotSaid as error:
            messages.error(request, str(error))
            return self._answer(row, status=422)
        messages.success(request, _("Saved. Sums and bills count it so from now on."))
        return redirect("banking:transfer", pk=row.pk)

    def _row(self, pk: int) -> Transaction:
        rows = self.visible(Transaction).live().select_related("account__connection__connector")
        row: Transaction = self.get_or_404(rows, pk=pk)
        return row

    def _say(self, row: Transaction, act: str, other: int | None, kind: str) -> None:
        if act == "rules":
            let_the_rules_say(row)
        elif act == "kind":
            say_kind(row, kind)
        elif act == "none":
            pair = pair_of(row)
            if pair is None:
                raise NotSaid(_("The transaction belongs to no other one any more."))
            is_no_transfer(pair)
        else:
            rows = self.visible(Transaction).live().select_related("account")
            belong_together(row, self.get_or_404(rows, pk=other or 0))

    def _answer(self, row: Transaction, status: int = 200) -> HttpResponse:
        pair, categories = pair_of(row), Categories.read()
        other = self._other(row, pair) if pair else None
        counted = Transaction.objects.spending().filter(pk=row.pk).exists()
        kind = row.user_kind or (pair.kind if pair else row.kind)
        return self.show(
            status=status,
            row=row,
            shown=_shown(row, categories),
            pair=pair,
            other=_shown(other, categories) if other else None,
            kind=Kind(kind).label if kind in Kind.values else "",
            is_spending=counted,
            choices=[] if pair else [_shown(each, categories) for each in may_belong_to(row)],
            form=KindForm(initial={"kind": row.user_kind}),
            series=series_of(row),
            freshness=freshness(row.account.connection),
        )

    def _other(self, row: Transaction, pair: Any) -> Transaction | None:
        pk = pair.incoming_id if pair.outgoing_id == row.pk else pair.outgoing_id
        found: Transaction | None = self.visible(Transaction).select_related("account").filter(pk=pk).first()
        return found


def _shown(row: Transaction, categories: Categories) -> TransactionRow:
    return row_of(row, categories, {row.account_id: row.account})
