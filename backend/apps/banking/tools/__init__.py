"""Banking's tools for agents. All of them only read, except `refresh_connection`."""

from apps.banking.tools.accounts import get_balances, list_accounts
from apps.banking.tools.cards import list_credit_card_bills, list_instalments
from apps.banking.tools.categories import list_categories
from apps.banking.tools.connections import get_connection_status, list_connections
from apps.banking.tools.refresh import refresh_connection
from apps.banking.tools.summaries import get_monthly_cashflow, get_recurring_charges, get_spending_summary
from apps.banking.tools.transactions import list_transactions, search_transactions
from apps.banking.tools.wealth import list_investment_transactions, list_investments, list_loans

TOOLS = (
    list_connections,
    get_connection_status,
    list_accounts,
    get_balances,
    list_transactions,
    search_transactions,
    list_credit_card_bills,
    list_instalments,
    list_investments,
    list_investment_transactions,
    list_loans,
    get_spending_summary,
    get_monthly_cashflow,
    get_recurring_charges,
    list_categories,
    refresh_connection,
)
