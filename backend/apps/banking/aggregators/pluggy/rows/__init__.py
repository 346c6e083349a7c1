"""Map Pluggy's objects to plain rows: one value for each column that the aggregator fills, by the names for `merge`.

page = rows.mapped(rows.transaction, docs)
merge(Transaction, scope, page.rows)
"""

from apps.banking.aggregators.pluggy.rows.accounts import account, bill, consent, identity
from apps.banking.aggregators.pluggy.rows.base import mapped
from apps.banking.aggregators.pluggy.rows.catalog import category, connector
from apps.banking.aggregators.pluggy.rows.item import item
from apps.banking.aggregators.pluggy.rows.transactions import transaction
from apps.banking.aggregators.pluggy.rows.wealth import investment, investment_transaction, loan

__all__ = [
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
]
