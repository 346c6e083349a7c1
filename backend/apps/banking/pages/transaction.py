"""One transaction: what the bank says of it, and the person's category, note and hiding."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.banking.categories import Categories
from apps.banking.edits import LONGEST_NOTE, NotEdited, edit_transaction
from apps.banking.models import Transaction
from apps.banking.pages.freshness import freshness
from apps.banking.pages.rows import row_of
from lib.pages.views import ClientPage

# Of the aggregator's fields that have no column, those that a person understands.
_PAYMENT = {
    "payer": gettext_lazy("Paid by"),
    "receiver": gettext_lazy("Paid to"),
}


class EditForm(forms.Form):
    """The person's edits. An empty category means the bank's own."""

    category = forms.ChoiceField(label=gettext_lazy("Category"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    hidden = forms.BooleanField(
        label=gettext_lazy("Hide it"),
        required=False,
        help_text=gettext_lazy("A hidden transaction is left out of lists and sums. It is not deleted."),
    )

    def __init__(self, row: Transaction, categories: Categories, data: QueryDict | None = None) -> None:
        own = categories.by_pk.get(row.user_category_id or 0)
        initial = {"category": own.vendor_id if own else "", "note": row.note, "hidden": row.hidden}
        super().__init__(data, initial=initial, auto_id=f"edit_{row.pk}_%s")
        of_bank = categories.by_id.get(row.category_id)
        name = categories.label(of_bank) if of_bank else row.category
        first = _("The bank's: %s") % name if name else _("None")
        self.fields["category"].choices = [("", first), *categories.choices()]  # type: ignore[attr-defined]


class TransactionPage(ClientPage):
    """What the views of one transaction share."""

    section = "transactions"

    def transaction(self, pk: int) -> Transaction:
        """The transaction with its account and bank; 404 for one that the bank withdrew, and for another client's."""
        rows = self.visible(Transaction).live().select_related("account__connection__connector")
        found: Transaction = self.get_or_404(rows, pk=pk)
        return found

    def row(self, transaction: Transaction, categories: Categories) -> Any:
        """The transaction as a row of a list."""
        return row_of(transaction, categories, {transaction.account_id: transaction.account})


class TransactionDetail(TransactionPage):
    """The page of a transaction, with the form that edits it."""

    template_name = "banking/transaction.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        transaction, categories = self.transaction(pk), Categories.read()
        return self._answer(transaction, categories, EditForm(transaction, categories))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        transaction, categories = self.transaction(pk), Categories.read()
        form = EditForm(transaction, categories, request.POST)
        if not _saved(form, transaction, categories):
            return self._answer(transaction, categories, form, status=422)
        messages.success(request, _("Saved."))
        back = request.POST.get("next", "")
        if back and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            return redirect(back)
        return redirect("banking:transaction", pk)

    def _answer(self, row: Transaction, categories: Categories, form: EditForm, status: int = 200) -> HttpResponse:
        return self.show(
            status,
            row=self.row(row, categories),
            transaction=row,
            same_day=row.occurred_at is not None and timezone.localdate(row.occurred_at) == row.date,
            form=form if self.membership.may_write else None,
            freshness=freshness(row.account.connection),
            parties=parties_of(row),
            bank_category=categories.name_of_bank(row),
        )


class EditInline(TransactionPage):
    """The form in the place of a row of the list, and the row again. Needs JavaScript; without, there is the page."""

    template_name = "banking/edit_row.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        transaction, categories = self.transaction(pk), Categories.read()
        row = self.row(transaction, categories)
        if "cancel" in request.GET or not self.membership.may_write:
            return self._row(row)
        return self.show(row=row, form=EditForm(transaction, categories))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        transaction, categories = self.transaction(pk), Categories.read()
        form = EditForm(transaction, categories, request.POST)
        if not _saved(form, transaction, categories):
            return self.show(row=self.row(transaction, categories), form=form)
        return self._row(self.row(transaction, categories))

    def _row(self, row: Any) -> HttpResponse:
        self.template_name = "banking/transaction_row.html"
        return self.show(row=row, is_edited=True)


def _saved(form: EditForm, transaction: Transaction, categories: Categories) -> bool:
    """Whether the edits are stored. If not, the form says why."""
    if not form.is_valid():
        return False
    values = form.cleaned_data
    try:
        edit_transaction(
            transaction,
            category=categories.by_id.get(values["category"]),
            note=values["note"],
            hidden=values["hidden"],
        )
    except NotEdited as error:
        form.add_error(None, str(error))
        return False
    return True


def parties_of(row: Transaction) -> list[tuple[str, str]]:
    """Who paid and who was paid, where the bank says so. Names only: no numbers."""
    payment = row.extra.get("paymentData")
    if not isinstance(payment, dict):
        return []
    found = []
    for key, label in _PAYMENT.items():
        party = payment.get(key)
        name = party.get("name") if isinstance(party, dict) else None
        if name:
            found.append((str(label), str(name)))
    return found
