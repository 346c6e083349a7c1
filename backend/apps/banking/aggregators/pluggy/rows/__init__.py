"""All of Pluggy's objects as plain rows: one value for each column the aggregator owns, by the names `merge` takes.

found = rows.mapped(rows.transaction, page)
merge(Transaction, scope, found.rows)
"""

from apps.banking.aggregators.pluggy.rows.accounts import account, bill, consent, identity
from apps.banking.aggregators.pluggy.rows.base import BadRow, Mapped, Row, mapped, vendor_id
from apps.banking.aggregators.pluggy.rows.catalog import category, connector
from apps.banking.aggregators.pluggy.rows.item import item
from apps.banking.aggregators.pluggy.rows.transactions import transaction
from apps.banking.aggregators.pluggy.rows.wealth import investment, investment_transaction, loan

__all__ = [
    "BadRow",
    "Mapped",
    "Row",
    "account",
    "bill",
    "category",
    "connector",
    "consent",
    "identity",
    "investment",
    "investment_transaction",
    "item",
    "loan",
    "mapped",
    "transaction",
    "vendor_id",
]
