"""The tables of banking, in one file for each group."""

from apps.banking.models.account import Account, BalanceSnapshot
from apps.banking.models.application import ClientApplication
from apps.banking.models.bill import CreditCardBill
from apps.banking.models.catalog import Category, Connector
from apps.banking.models.connection import Connection, Consent, Identity
from apps.banking.models.hours import ConnectionHour, SyncHour
from apps.banking.models.investment import Investment, InvestmentTransaction
from apps.banking.models.kinds import Kind
from apps.banking.models.loan import Loan
from apps.banking.models.mark import Mark
from apps.banking.models.sync_run import SyncRun
from apps.banking.models.transaction import Transaction, TransactionWords
from apps.banking.models.transfer_pair import TransferPair
from apps.banking.models.widget_figure import WidgetFigure

__all__ = [
    "Account",
    "BalanceSnapshot",
    "Category",
    "ClientApplication",
    "Connection",
    "ConnectionHour",
    "Connector",
    "Consent",
    "CreditCardBill",
    "Identity",
    "Investment",
    "InvestmentTransaction",
    "Kind",
    "Loan",
    "Mark",
    "SyncHour",
    "SyncRun",
    "Transaction",
    "TransactionWords",
    "TransferPair",
    "WidgetFigure",
]
