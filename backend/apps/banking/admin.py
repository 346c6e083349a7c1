"""Banking's tables in the admin: staff can look at them, but see no sealed column, such as names or numbers."""

from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.banking import models
from apps.banking.models.transaction import ORPHANED
from apps.banking.rows.carried_edits import NotCarried, carry_by_hand
from apps.clients.browse import BrowseAdmin


def short(amount: Decimal | None) -> str | None:
    """An amount with its cents, and without the zeros that its column has after them."""
    if amount is None:
        return None
    cents = round(amount, 2)
    return f"{cents:f}" if cents == amount else f"{amount.normalize():f}"


@admin.register(models.Connector)
class ConnectorAdmin(BrowseAdmin):
    list_display = ("vendor_id", "name", "type", "country", "health_status", "is_open_finance", "is_sandbox")
    search_fields = ("vendor_id__exact", "name")


@admin.register(models.Category)
class CategoryAdmin(BrowseAdmin):
    list_display = ("vendor_id", "description", "description_translated", "parent_id")
    search_fields = ("vendor_id__exact", "description", "description_translated")


@admin.register(models.Connection)
class ConnectionAdmin(BrowseAdmin):
    list_display = ("vendor_id", "client", "connector", "state", "status", "error_code", "last_updated_at")
    list_select_related = ("client", "connector")
    list_filter = ("state",)
    search_fields = ("vendor_id__exact", "client__id__exact")


@admin.register(models.Consent)
class ConsentAdmin(BrowseAdmin):
    list_display = ("vendor_id", "client", "connection", "expires_at", "revoked_at", "deleted_at")
    list_select_related = ("client", "connection")
    search_fields = ("connection__vendor_id__exact",)


@admin.register(models.Identity)
class IdentityAdmin(BrowseAdmin):
    list_display = ("vendor_id", "client", "connection", "document_type", "deleted_at")
    list_select_related = ("client", "connection")
    search_fields = ("connection__vendor_id__exact",)


@admin.register(models.Account)
class AccountAdmin(BrowseAdmin):
    list_display = ("vendor_id", "client", "type", "subtype", "name", "short_balance", "currency_code", "deleted_at")
    list_select_related = ("client",)
    search_fields = ("vendor_id__exact", "connection__vendor_id__exact")

    @admin.display(description="balance")
    def short_balance(self, account: models.Account) -> str | None:
        return short(account.balance)


@admin.register(models.BalanceSnapshot)
class BalanceSnapshotAdmin(BrowseAdmin):
    list_display = ("account", "client", "date", "balance", "currency_code")
    list_select_related = ("account", "client")
    search_fields = ("account__vendor_id__exact",)


class OpenEdits(admin.SimpleListFilter):
    """Shows the deleted transactions whose edits no other transaction has taken over."""

    title, parameter_name = "the user's edits", "edits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "left on a deleted transaction")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[models.Transaction]) -> QuerySet[models.Transaction]:
        return queryset.filter(ORPHANED) if self.value() == "open" else queryset


@admin.register(models.Transaction)
class TransactionAdmin(BrowseAdmin):
    list_display = (
        "date",
        "client",
        "account_name",
        "description",
        "short_amount",
        "currency_code",
        "status",
        "deleted_at",
    )
    list_select_related = ("client", "account")
    list_filter = (OpenEdits,)
    search_fields = ("account__vendor_id__exact",)
    actions = ("carry_edits",)

    @admin.action(description="Carry the edits of the deleted one to the other one", permissions=["carry"])
    def carry_edits(self, request: HttpRequest, queryset: QuerySet[models.Transaction]) -> None:
        """Carry the user's edits between two selected transactions: a deleted one, and the one that replaces it."""
        # A deleted row comes first.
        chosen = sorted(queryset[:3], key=lambda row: row.deleted_at is None)
        if len(chosen) != 2:
            self.message_user(request, "Select a deleted transaction and the one that replaces it.", messages.ERROR)
            return
        try:
            carry_by_hand(chosen[0].pk, chosen[1].pk)
        except NotCarried as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, f"{chosen[1].pk} now has the edits of {chosen[0].pk}.", messages.SUCCESS)

    def has_carry_permission(self, request: HttpRequest) -> bool:
        """Whether the user may change transactions; permission to view them is not enough."""
        return request.user.has_perm("banking.change_transaction")

    @admin.display(description="account")
    def account_name(self, transaction: models.Transaction) -> str:
        return transaction.account.name or transaction.account.vendor_id

    @admin.display(description="amount")
    def short_amount(self, transaction: models.Transaction) -> str | None:
        return short(transaction.amount)


@admin.register(models.CreditCardBill)
class CreditCardBillAdmin(BrowseAdmin):
    list_display = ("vendor_id", "client", "account", "due_date", "total_amount", "currency_code", "deleted_at")
    list_select_related = ("client", "account")
    search_fields = ("account__vendor_id__exact",)


@admin.register(models.Investment)
class InvestmentAdmin(BrowseAdmin):
    list_display = ("vendor_id", "client", "type", "subtype", "name", "balance", "currency_code", "status")
    list_select_related = ("client",)
    search_fields = ("connection__vendor_id__exact",)


@admin.register(models.InvestmentTransaction)
class InvestmentTransactionAdmin(BrowseAdmin):
    list_display = ("id", "client", "investment", "type", "date", "quantity", "amount")
    list_select_related = ("client", "investment")
    search_fields = ("investment__connection__vendor_id__exact",)


@admin.register(models.Loan)
class LoanAdmin(BrowseAdmin):
    list_display = ("vendor_id", "client", "kind", "product_name", "contract_amount", "currency_code", "deleted_at")
    list_select_related = ("client",)
    search_fields = ("connection__vendor_id__exact",)


@admin.register(models.Mark)
class MarkAdmin(BrowseAdmin):
    list_display = ("id", "client", "connection", "scope", "text")
    list_select_related = ("client", "connection")
    search_fields = ("connection__vendor_id__exact",)


@admin.register(models.SyncRun)
class SyncRunAdmin(BrowseAdmin):
    list_display = ("id", "client", "connection", "cause", "state", "error_code", "started_at", "duration")
    list_select_related = ("client", "connection")
    list_filter = ("state",)
    search_fields = ("connection__vendor_id__exact",)
