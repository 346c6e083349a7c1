"""Transactions: found by account, told apart from tombstones, and the edits that a person carries."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.banking.admin.shared import account, as_number, as_uuid, client, of_account
from apps.banking.models import Account, Connection, Transaction
from apps.banking.models.transaction import ORPHANED
from apps.banking.rows.carried_edits import NotCarried, carry_by_hand
from apps.clients.browse import BrowseAdmin, Refused, Tombstones, Verb, amount, copyable, moment, verb
from apps.clients.browse.columns import badge_of, link
from apps.clients.models import Client

STATUSES = {"POSTED": (_("booked"), "success"), "PENDING": (_("pending"), "info")}


class OpenEdits(admin.SimpleListFilter):
    """Shows the deleted transactions whose edits no other transaction has taken over."""

    title, parameter_name = _("the user's edits"), "edits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("left on a deleted transaction"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Transaction]) -> QuerySet[Transaction]:
        return queryset.filter(ORPHANED) if self.value() == "open" else queryset


class LiveUnlessEdits(Tombstones):
    """Hides deleted rows, but not from a list of edits that were left on them."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if "edits" in request.GET and self.value() is None:
            return queryset
        return super().queryset(request, queryset)


class Status(admin.SimpleListFilter):
    """Booked, or not yet. Few rows are pending, and they have an index."""

    title, parameter_name = _("status"), "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, text) for value, (text, _tone) in STATUSES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "PENDING":
            return queryset.filter(status="PENDING", deleted_at=None)
        return queryset.filter(status=self.value()) if self.value() else queryset


class OfAccount(admin.SimpleListFilter):
    """The transactions of the account in the address."""

    title, parameter_name = _("account"), "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = as_number(request.GET.get(self.parameter_name, ""))
        row = Account.objects.filter(pk=chosen).first() if chosen is not None else None
        return [(str(row.pk), row.name or row.vendor_id)] if row else []

    def has_output(self) -> bool:
        return bool(self.lookup_choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        number = as_number(self.value() or "")
        return queryset if number is None else queryset.filter(account=number)


@admin.register(Transaction)
class TransactionAdmin(BrowseAdmin):
    menu, icon = "data", "receipt_long"
    finds = _("Account's, item's or client's id, or the transaction's number")
    list_display = ("date", "description_shown", "amount_shown", "status_shown", "account_link", "client_link", "id")
    list_display_links = ("date", "id")
    list_select_related = ("client", "account")
    list_filter = (LiveUnlessEdits, Status, OpenEdits, OfAccount)
    search_fields = ("account__vendor_id__exact",)
    actions = ("carry_edits",)
    amount_shown = staticmethod(amount("amount", _("amount")))
    balance_shown = staticmethod(amount("balance", _("balance after it")))
    account_link = staticmethod(account)
    client_link = staticmethod(client)
    identity = staticmethod(copyable("vendor_id", _("id at the aggregator")))
    occurred = staticmethod(moment("occurred_at", _("happened")))
    created = staticmethod(moment("created_at", _("created")))
    updated = staticmethod(moment("updated_at", _("changed")))
    gone = staticmethod(moment("deleted_at", _("deleted")))
    sections = (
        (None, ("date", "occurred", "description", "amount_shown", "status_shown", "balance_shown")),
        (_("Whose"), ("account_link", "client_link", "identity")),
        (_("What"), ("category", "type", "payment_method", "operation_type", "merchant_name")),
        (_("Card"), ("installment_number", "total_installments", "bill_id", "purchase_date")),
        (_("The user's own"), ("user_category", "note", "hidden")),
        (_("When"), ("created", "updated", "gone", "replaced_shown")),
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Within one account by day, which its index supports; among all by number."""
        return ("-date", "-pk") if request.GET.get("account") else ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Transaction], search_term: str
    ) -> tuple[QuerySet[Transaction], bool]:
        """By account, by item, by client, or by number."""
        word = search_term.strip()
        if not word:
            return queryset, False
        owner = as_uuid(word)
        if owner is None:
            return of_account(queryset, word), False
        if Client.objects.filter(pk=owner).exists():
            return queryset.filter(client=owner).order_by("-date", "-pk"), False
        items = Connection.objects.filter(vendor_id=word).values("pk")[:10]
        ids = Account.objects.filter(Q(vendor_id=word) | Q(connection__in=items)).values_list("pk", flat=True)[:10]
        # By day, as the index of an account is sorted: by number, PostgreSQL would read the newest rows of all.
        return queryset.filter(account__in=list(ids)).order_by("-date", "-pk"), False

    @admin.display(description=_("description"))
    def description_shown(self, row: Transaction) -> SafeString | str:
        if row.deleted_at is None:
            return row.description
        return format_html("<s>{}</s> {}", row.description, badge_of(gettext("deleted"), "danger"))

    @admin.display(description=_("status"))
    def status_shown(self, row: Transaction) -> SafeString:
        text, tone = STATUSES.get(row.status, (row.status, ""))
        return badge_of(str(text), tone)

    @admin.display(description=_("replaced by"))
    def replaced_shown(self, row: Transaction) -> SafeString | str:
        return link(row.replaced_by, str(row.replaced_by_id)) if row.replaced_by else "–"

    @verb(Verb(_("Carry the edits of the deleted one to the other one"), "carry", "move_up"))
    def carry_edits(self, request: HttpRequest, rows: Sequence[Transaction], reason: str) -> str:
        """Carry the user's edits between two selected transactions: a deleted one, and the one that replaces it."""
        if len(rows) != 2:
            raise Refused(gettext("Select a deleted transaction and the one that replaces it."))
        # A deleted row comes first.
        old, new = sorted(rows, key=lambda row: row.deleted_at is None)
        try:
            carry_by_hand(old.pk, new.pk)
        except NotCarried as error:
            raise Refused(str(error)) from error
        return gettext("%(new)s now has the edits of %(old)s.") % {"new": new.pk, "old": old.pk}

    def has_carry_permission(self, request: HttpRequest) -> bool:
        """Whether the user may change transactions; permission to view them is not enough."""
        return request.user.has_perm("banking.change_transaction")
