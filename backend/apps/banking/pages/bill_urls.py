"""The addresses of a card's bills, and of what a transaction counts as. `page_urls` includes them."""

from django.urls import path, re_path

from apps.banking.pages import bills, transfer

urlpatterns = [
    path("accounts/coming/", bills.Coming.as_view(), name="coming"),
    path("accounts/<int:pk>/bills/", bills.Bills.as_view(), name="bills"),
    re_path(r"^accounts/(?P<pk>\d+)/bills/(?P<key>\d{4}-\d\d(?:\.\d)?)/$", bills.BillPage.as_view(), name="bill"),
    path("accounts/<int:pk>/instalments/", bills.Instalments.as_view(), name="instalments"),
    path("transactions/<int:pk>/counts/", transfer.Transfer.as_view(), name="transfer"),
]
