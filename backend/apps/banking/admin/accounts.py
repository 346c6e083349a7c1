"""Accounts and cards, and their balances."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.banking import models
from apps.banking.admin.shared import account, as_number, as_uuid, client, connection, deleted, of_account
from apps.banking.models.base import indexed
from apps.clients.browse import BrowseAdmin, Choices, Tombstones, amount, copyable, moment
from apps.clients.browse.columns import EMPTY, list_of
from lib.crypto import Unreadable

# Of a number, at most this many characters are shown, and never more than half of it.
SHOWN = 4
KINDS = [("BANK", _("bank account")), ("CREDIT", _("card"))]


def kinds() -> list[tuple[str, Any]]:
    return KINDS


def masked(number: str) -> str:
    """The end of a number, which tells two accounts apart and is of no use to anybody else."""
    shown = min(SHOWN, len(number) // 2)
    return f"•••{number[len(number) - shown :]}" if number else EMPTY


@admin.register(models.Account)
class AccountAdmin(BrowseAdmin):
    menu, icon = "data", "account_balance_wallet"
    finds = _("Account's or item's id, client's id, or the account's whole number")
    list_display = ("label", "kind", "balance_shown", "client_link", "connection_link", "vendor_id", "deleted_shown")
    list_select_related = ("client", "connection")
    list_filter = (Tombstones, Choices.of("type", _("kind"), kinds))
    search_fields = ("vendor_id__exact",)
    balance_shown = staticmethod(amount("balance", _("balance")))
    client_link = staticmethod(client)
    connection_link = staticmethod(connection)
    deleted_shown = staticmethod(deleted)
    identity = staticmethod(copyable("vendor_id", _("id at the aggregator")))
    limit = staticmethod(amount("credit_limit", _("credit limit")))
    available = staticmethod(amount("available_credit_limit", _("available limit")))
    created = staticmethod(moment("created_at", _("created")))
    updated = staticmethod(moment("updated_at", _("changed")))
    sections = (
        (None, ("label", "kind", "subtype", "number_shown", "identity", "client_link", "connection_link")),
        (_("Balance"), ("balance_shown", "limit", "available", "transactions_link")),
        (_("When"), ("created", "updated", "deleted_shown")),
    )

    @admin.display(description=_("account"))
    def label(self, row: models.Account) -> str:
        return row.name or row.marketing_name or row.vendor_id

    @admin.display(description=_("kind"))
    def kind(self, row: models.Account) -> Any:
        return dict(KINDS).get(row.type, row.type)

    @admin.display(description=_("number"))
    def number_shown(self, row: models.Account) -> str:
        try:
            return masked(str(row.number or ""))
        except Unreadable:
            return EMPTY

    @admin.display(description=_("transactions"))
    def transactions_link(self, row: models.Account) -> SafeString:
        url = list_of(models.Transaction, account=row.pk)
        return format_html('<a class="ponte-link" href="{}">{}</a>', url, _("transactions of this account"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[models.Account], search_term: str
    ) -> tuple[QuerySet[models.Account], bool]:
        """By id, by the item, by the client, or by the whole number, of which only a digest is compared."""
        word = search_term.strip()
        if not word:
            return queryset, False
        found = Q(vendor_id=word)
        if owner := as_uuid(word):
            items = list(models.Connection.objects.filter(vendor_id=word).values_list("pk", flat=True)[:100])
            found |= Q(client=owner) | Q(connection__in=items)
        elif digest := indexed(word, "number"):
            found |= Q(number_index=digest)
        if (number := as_number(word)) is not None:
            found |= Q(pk=number)
        return queryset.filter(found), False


@admin.register(models.BalanceSnapshot)
class BalanceSnapshotAdmin(BrowseAdmin):
    menu, icon = "data", "show_chart"
    finds = _("Account's id, or the row's number")
    list_display = ("date", account, client, amount("balance", _("balance")), moment("taken_at", _("read")))
    list_select_related = ("account", "client")
    search_fields = ("account__vendor_id__exact",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the account, or by number."""
        word = search_term.strip()
        return (of_account(queryset, word) if word else queryset), False
