"""What an application asks a person for, in the address of the consent page (RFC 6749, 4.1.1 with PKCE)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from apps.agents.models import Application
from apps.agents.oauth.errors import NoRedirect, OAuthError
from apps.agents.oauth.places import is_registered, is_resource
from apps.agents.oauth.scopes import asked_scopes
from apps.api.scopes import Scope

# SHA-256 in base64 without padding.
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST_STATE = 2000


@dataclass(frozen=True)
class Asking:
    """A valid request. Nothing has happened yet."""

    application: Application
    redirect_uri: str
    scopes: list[Scope]
    challenge: str
    state: str
    issuer: str

    def answer(self, **content: str) -> str:
        """The address to which the browser goes with the answer, an error or a code."""
        return answer_at(self.redirect_uri, self.state, self.issuer, content)


def read_asking(sent: Mapping[str, str], base: str) -> Asking:
    """Check the request. Raises NoRedirect for one that must be shown here, else OAuthError for the application."""
    application, uri = _place(sent)
    if len(sent.get("state", "")) > LONGEST_STATE:
        raise OAuthError("invalid_request", "state is too long")
    if sent.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code")
    if sent.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(sent.get("code_challenge", "")):
        raise OAuthError("invalid_request", "PKCE with code_challenge_method=S256 is required")
    # Applications of before RFC 8707 name no resource. There is only one.
    if (resource := sent.get("resource")) is not None and not is_resource(resource, base):
        raise OAuthError("invalid_target", "resource must be the address of this server's MCP endpoint")
    scopes = asked_scopes(sent.get("scope", ""))
    return Asking(application, uri, scopes, sent["code_challenge"], sent.get("state", ""), base)


def answer_to_refused(sent: Mapping[str, str], base: str, error: OAuthError) -> str:
    """The address to which the browser goes with an error. The place has been checked."""
    return answer_at(_place(sent)[1], sent.get("state", "")[:LONGEST_STATE], base, error.content)


def answer_at(uri: str, state: str, issuer: str, content: Mapping[str, str]) -> str:
    """`iss` lets the application notice an answer of another server (RFC 9207)."""
    query = urlencode({**content, **({"state": state} if state else {}), "iss": issuer})
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{query}"


def _place(sent: Mapping[str, str]) -> tuple[Application, str]:
    application = find_application(sent.get("client_id", ""))
    if application is None:
        raise NoRedirect("invalid_client", "there is no such application")
    registered = application.redirect_uris
    uri = sent.get("redirect_uri", registered[0] if len(registered) == 1 else "")
    if not is_registered(uri, registered):
        raise NoRedirect("invalid_request", "the application did not register this redirect_uri")
    return application, uri


def find_application(client_id: str) -> Application | None:
    """The application that has registered under this id."""
    try:
        return Application.objects.filter(pk=UUID(client_id)).first()
    except ValueError:
        return None
