"""Banking in the admin: staff look at every table, but see no sealed column, and operate connections."""

from django.contrib import admin
from django.urls import path
from django.utils.translation import gettext_lazy as _

from apps.banking.admin import cards, webhooks
from apps.banking.admin.accounts import AccountAdmin, BalanceSnapshotAdmin
from apps.banking.admin.catalog import CategoryAdmin, ConnectorAdmin
from apps.banking.admin.connections import (
    ClientApplicationAdmin,
    ConnectionAdmin,
    ConsentAdmin,
    IdentityAdmin,
    MarkAdmin,
    TransferPairAdmin,
)
from apps.banking.admin.hours import ConnectionHourAdmin, SyncHourAdmin, WidgetFigureAdmin
from apps.banking.admin.products import (
    CreditCardBillAdmin,
    InvestmentAdmin,
    InvestmentTransactionAdmin,
    LoanAdmin,
)
from apps.banking.admin.syncs import SyncRunAdmin
from apps.banking.admin.transactions import TransactionAdmin
from apps.clients.browse.cards import add_card
from apps.clients.browse.menu import add_page

add_page(
    "banking",
    _("Webhooks"),
    "webhook",
    "admin:banking_webhooks",
    webhooks.PERMISSION,
    path("banking/webhooks/", admin.site.admin_view(webhooks.page), name="banking_webhooks"),
)
add_card("connections", 40, cards.connections, "banking.view_connection")
add_card("syncs", 50, cards.syncs, "banking.view_syncrun")
add_card("errors", 60, cards.errors, "banking.view_syncrun")
add_card("institutions", 70, cards.institutions, "banking.view_connection")
add_card("budgets", 80, cards.budgets, "banking.view_connection")
add_card("widget", 90, cards.widget, "banking.view_connection")

__all__ = [
    "AccountAdmin",
    "BalanceSnapshotAdmin",
    "CategoryAdmin",
    "ClientApplicationAdmin",
    "ConnectionAdmin",
    "ConnectionHourAdmin",
    "ConnectorAdmin",
    "ConsentAdmin",
    "CreditCardBillAdmin",
    "IdentityAdmin",
    "InvestmentAdmin",
    "InvestmentTransactionAdmin",
    "LoanAdmin",
    "MarkAdmin",
    "SyncHourAdmin",
    "SyncRunAdmin",
    "TransactionAdmin",
    "TransferPairAdmin",
    "WidgetFigureAdmin",
]
