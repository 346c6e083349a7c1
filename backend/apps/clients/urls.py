"""The pages of accounts, members and personal data."""

from django.urls import path

from apps.clients.pages import choices

app_name = "clients"
urlpatterns = [
    path("clients/switch/", choices.switch, name="switch"),
    path("language/", choices.language, name="language"),
]
