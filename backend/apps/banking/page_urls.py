"""The addresses of banking's pages."""

from django.urls import path

from apps.banking.pages import (
    accounts,
    activity,
    bill_urls,
    connect_urls,
    connections,
    export,
    identity,
    investments,
    loans,
    open_edits,
    transaction,
    transactions,
)

app_name = "banking"
urlpatterns = [
    *bill_urls.urlpatterns,
    *connect_urls.urlpatterns,
    path("connections/", connections.Connections.as_view(), name="connections"),
    path("connections/<int:pk>/", connections.ConnectionDetail.as_view(), name="connection"),
    path("connections/<int:pk>/sync/", connections.SyncNow.as_view(), name="sync"),
    path("accounts/", accounts.Accounts.as_view(), name="accounts"),
    path("accounts/<int:pk>/", accounts.AccountDetail.as_view(), name="account"),
    path("transactions/", transactions.Transactions.as_view(), name="transactions"),
    path("transactions/export/<slug:kind>/", export.Export.as_view(), name="export"),
    path("transactions/edits/", open_edits.OpenEdits.as_view(), name="open-edits"),
    path("transactions/<int:pk>/", transaction.TransactionDetail.as_view(), name="transaction"),
    path("transactions/<int:pk>/edit/", transaction.EditInline.as_view(), name="edit"),
    path("investments/", investments.Investments.as_view(), name="investments"),
    path("investments/<int:pk>/", investments.InvestmentDetail.as_view(), name="investment"),
    path("loans/", loans.Loans.as_view(), name="loans"),
    path("loans/<int:pk>/", loans.LoanDetail.as_view(), name="loan"),
    path("identity/", identity.Identities.as_view(), name="identity"),
    path("activity/", activity.Activity.as_view(), name="activity"),
]
