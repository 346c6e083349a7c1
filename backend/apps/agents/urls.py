"""The URLs of OAuth. Applications read them in the metadata; some that were restarted assume these paths."""

from django.urls import path

from apps.agents import endpoints
from apps.agents.oauth.places import MCP_PATH
from apps.agents.pages.consent import Consent

app_name = "agents"
urlpatterns = [
    path(".well-known/oauth-authorization-server", endpoints.server, name="server"),
    path(".well-known/oauth-protected-resource", endpoints.resource, name="resource"),
    path(f".well-known/oauth-protected-resource{MCP_PATH}", endpoints.resource, name="resource_of_mcp"),
    path("authorize", Consent.as_view(), name="authorize"),
    path("token", endpoints.token, name="token"),
    path("register", endpoints.register, name="register"),
    path("revoke", endpoints.revoke, name="revoke"),
]
