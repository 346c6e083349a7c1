"""The URLs of banking's REST API, under /api/."""

from django.urls import path

from apps.banking.api import accounts, bills, card_bills, categories, identity, investments, loans, sync_runs
from apps.banking.api import connection_actions as connections
from apps.banking.api import transactions as moves

urlpatterns = [
    path("connections/", connections.FinishView.as_view()),
    path("connections/connect-token/", connections.ConnectTokenView.as_view()),
    path("connections/<int:connection_id>/", connections.ConnectionView.as_view()),
    path("connections/<int:connection_id>/sync/", connections.SyncView.as_view()),
    path("connections/<int:connection_id>/reconnect/", connections.ReconnectView.as_view()),
    path("accounts/", accounts.AccountsView.as_view()),
    path("accounts/<int:account_id>/", accounts.AccountView.as_view()),
    path("accounts/<int:account_id>/bills/", card_bills.CardBillsView.as_view()),
    path("accounts/<int:account_id>/bills/<str:key>/", card_bills.CardBillView.as_view()),
    path("card-months/", card_bills.MonthsView.as_view()),
    path("balances/", accounts.BalancesView.as_view()),
    path("transactions/", moves.TransactionsView.as_view()),
    path("transactions/<int:transaction_id>/", moves.TransactionView.as_view()),
    path("bills/", bills.BillsView.as_view()),
    path("bills/<int:bill_id>/", bills.BillView.as_view()),
    path("investments/", investments.InvestmentsView.as_view()),
    path("investments/<int:investment_id>/", investments.InvestmentView.as_view()),
    path("investments/<int:investment_id>/transactions/", investments.MovementsView.as_view()),
    path("loans/", loans.LoansView.as_view()),
    path("loans/<int:loan_id>/", loans.LoanView.as_view()),
    path("identities/", identity.IdentitiesView.as_view()),
    path("identities/<int:identity_id>/", identity.IdentityView.as_view()),
    path("categories/", categories.CategoriesView.as_view()),
    path("sync-runs/", sync_runs.SyncRunsView.as_view()),
    path("sync-runs/<int:run_id>/", sync_runs.SyncRunView.as_view()),
]
