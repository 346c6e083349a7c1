"""The URLs under /api/ that are about the caller, and those of the schema."""

from django.urls import path

from apps.api.documentation import DocsView, SchemaView
from apps.api.endpoints.login import RefreshView, RevokeView
from apps.api.endpoints.login import TokenView as LoginView
from apps.api.endpoints.me import ClientsView, MeView
from apps.api.endpoints.tokens import TokensView, TokenView

app_name = "api"
urlpatterns = [
    path("auth/token/", LoginView.as_view(), name="login"),
    path("auth/refresh/", RefreshView.as_view(), name="refresh"),
    path("auth/revoke/", RevokeView.as_view(), name="revoke"),
    path("me/", MeView.as_view(), name="me"),
    path("clients/", ClientsView.as_view(), name="clients"),
    path("tokens/", TokensView.as_view(), name="tokens"),
    path("tokens/<int:token_id>/", TokenView.as_view(), name="token"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
]
