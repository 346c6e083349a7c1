"""Bills, investments and loans."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.banking import models
from apps.banking.admin.connections import OfConnectionAdmin
from apps.banking.admin.shared import account, as_number, client, connection, deleted, of_account
from apps.clients.browse import BrowseAdmin, Tombstones, amount, link_to


@admin.register(models.CreditCardBill)
class CreditCardBillAdmin(BrowseAdmin):
    menu, icon = "data", "credit_card"
    finds = _("Account's id, or the row's number")
    list_display = ("vendor_id", account, client, "due_date", amount("total_amount", _("total")), deleted)
    list_select_related = ("client", "account")
    list_filter = (Tombstones,)
    search_fields = ("account__vendor_id__exact",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the account, or by number."""
        word = search_term.strip()
        return (of_account(queryset, word) if word else queryset), False


@admin.register(models.Investment)
class InvestmentAdmin(OfConnectionAdmin):
    icon = "trending_up"
    list_display = ("name", "vendor_id", "type", "subtype", amount("balance", _("balance")), "status", client, deleted)
    list_display_links = ("name", "vendor_id")
    list_select_related = ("client",)
    list_filter = (Tombstones,)


@admin.register(models.InvestmentTransaction)
class InvestmentTransactionAdmin(BrowseAdmin):
    menu, icon = "data", "swap_vert"
    finds = _("The row's number")
    list_display = (
        "id",
        link_to("investment", _("investment"), lambda row: row.name or row.vendor_id),
        client,
        "type",
        "date",
        "quantity",
        amount("amount", _("amount"), currency=""),
        deleted,
    )
    list_select_related = ("client", "investment")
    list_filter = (Tombstones,)
    search_fields = ("pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By number."""
        word = search_term.strip()
        return (queryset.filter(pk=as_number(word)) if word else queryset), False


@admin.register(models.Loan)
class LoanAdmin(OfConnectionAdmin):
    icon = "request_quote"
    list_display = (
        "product_name",
        "vendor_id",
        "kind",
        amount("contract_amount", _("contracted")),
        client,
        connection,
        deleted,
    )
    list_display_links = ("product_name", "vendor_id")
    list_select_related = ("client", "connection")
    list_filter = (Tombstones,)
