"""The URLs of the pages of banking."""

from apps.banking.pages import connect_urls

app_name = "banking"
urlpatterns = [
    *connect_urls.urlpatterns,
]
