"""The URLs of the pages of personal access tokens, under /settings/tokens/."""

from django.urls import path

from apps.api.pages import revoke, tokens

app_name = "tokens"
urlpatterns = [
    path("", tokens, name="list"),
    path("<int:token_id>/revoke/", revoke, name="revoke"),
]
