"""Dynamic registration of applications (RFC 7591): anybody may, so it is limited by rate and by number."""

from collections.abc import Mapping
from typing import Any

from apps.agents.models import Application
from apps.agents.oauth.errors import OAuthError
from apps.agents.oauth.places import may_register
from apps.agents.oauth.scopes import all_scopes
from apps.api.throttles import wait_for
from lib.plain_text import plain_text

MOST_URIS = 10
# Registrations in an hour, of one address and of all together.
PER_ADDRESS, PER_SERVER = 30, 300
# Applications that nobody has allowed anything yet. They are forgotten after a day.
MOST_UNUSED = 1000


def register(sent: Mapping[str, Any], address: str | None) -> dict[str, Any]:
    """Register an application, and answer with what it is now. Raises OAuthError."""
    uris = sent.get("redirect_uris")
    if not isinstance(uris, list) or not 1 <= len(uris) <= MOST_URIS or not all(isinstance(uri, str) for uri in uris):
        raise OAuthError("invalid_redirect_uri", f"redirect_uris must be a list of 1 to {MOST_URIS} addresses")
    if not all(map(may_register, uris)):
        raise OAuthError("invalid_redirect_uri", "use https, http on localhost, or a scheme of the application's own")
    for name, usual in (("grant_types", "authorization_code"), ("response_types", "code")):
        if usual not in _list(sent, name, usual):
            raise OAuthError("invalid_client_metadata", f"{name} must have {usual}")
    _limit(address)
    return _answer(Application.objects.create(name=_name(sent, uris), redirect_uris=uris))


def _list(sent: Mapping[str, Any], name: str, usual: str) -> list[Any]:
    value = sent.get(name, [usual])
    return value if isinstance(value, list) else []


def _name(sent: Mapping[str, Any], uris: list[str]) -> str:
    """What the application calls itself; else where it is."""
    name = sent.get("client_name")
    shown = " ".join(plain_text(name).split()) if isinstance(name, str) else ""
    return (shown or uris[0])[:80]


def _limit(address: str | None) -> None:
    """Raises OAuthError if there were too many. Without Valkey only the number counts."""
    budgets = [("agents:register", PER_SERVER)]
    if address:
        budgets.insert(0, (f"agents:register:{address}", PER_ADDRESS))
    if wait := wait_for(budgets, per_seconds=3600):
        raise OAuthError("temporarily_unavailable", "too many registrations; try again later", 429, round(wait) or 1)
    if Application.objects.filter(allowed_at=None).count() >= MOST_UNUSED:
        raise OAuthError("temporarily_unavailable", "too many applications were registered and not used", 503, 3600)


def _answer(application: Application) -> dict[str, Any]:
    """Whatever else was sent counts as not sent: the server may replace values (RFC 7591, 3.2.1)."""
    return {
        "client_id": str(application.pk),
        "client_id_issued_at": int(application.created_at.timestamp()),
        "client_name": application.name,
        "redirect_uris": application.redirect_uris,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "scope": all_scopes(),
    }
