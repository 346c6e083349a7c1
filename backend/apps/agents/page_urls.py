"""The URLs of the page of connected applications, under /settings/applications/."""

from django.urls import path

from apps.agents.pages.connected import Connected, Revoke

app_name = "applications"
urlpatterns = [
    path("", Connected.as_view(), name="list"),
    path("<int:pk>/revoke/", Revoke.as_view(), name="revoke"),
]
