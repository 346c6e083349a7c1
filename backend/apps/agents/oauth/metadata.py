"""What applications read first: where to register, to ask and to fetch tokens (RFC 8414), and for what (RFC 9728)."""

from typing import Any

from django.urls import reverse

from apps.agents.oauth.places import MCP_PATH, resource_of
from apps.agents.oauth.scopes import OFFERED, all_scopes

RESOURCE_PATH = f"/.well-known/oauth-protected-resource{MCP_PATH}"


def server_metadata(base: str) -> dict[str, Any]:
    """The authorization server."""
    return {
        "issuer": base,
        "authorization_endpoint": base + reverse("agents:authorize"),
        "token_endpoint": base + reverse("agents:token"),
        "registration_endpoint": base + reverse("agents:register"),
        "revocation_endpoint": base + reverse("agents:revoke"),
        "scopes_supported": [str(scope) for scope in OFFERED],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def resource_metadata(base: str) -> dict[str, Any]:
    """The MCP endpoint. `resource` is its whole address, which applications compare with the one they were given."""
    return {
        "resource": resource_of(base),
        "authorization_servers": [base],
        "scopes_supported": [str(scope) for scope in OFFERED],
        "bearer_methods_supported": ["header"],
        "resource_name": "Ponte",
    }


def challenge(base: str, *, error: str = "") -> str:
    """WWW-Authenticate of an answer 401. Some applications read the scopes here, others in the metadata."""
    parts = [f'error="{error}"'] if error else []
    parts += [f'resource_metadata="{base}{RESOURCE_PATH}"', f'scope="{all_scopes()}"']
    return "Bearer " + ", ".join(parts)
