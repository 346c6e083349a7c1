"""Banking in the admin: staff look at every table, but see no sealed column, and operate connections."""

from apps.banking.admin.accounts import AccountAdmin, BalanceSnapshotAdmin
from apps.banking.admin.catalog import CategoryAdmin, ConnectorAdmin
from apps.banking.admin.connections import ConnectionAdmin, ConsentAdmin, IdentityAdmin, MarkAdmin
from apps.banking.admin.hours import ConnectionHourAdmin, SyncHourAdmin
from apps.banking.admin.products import (
    CreditCardBillAdmin,
    InvestmentAdmin,
    InvestmentTransactionAdmin,
    LoanAdmin,
)
from apps.banking.admin.syncs import SyncRunAdmin
from apps.banking.admin.transactions import TransactionAdmin

__all__ = [
    "AccountAdmin",
    "BalanceSnapshotAdmin",
    "CategoryAdmin",
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
]
