"""OAuth at GitHub: how its token answer is read, and how a token is revoked.

Both kinds of app work: an OAuth app's tokens do not expire; a GitHub App's user tokens expire after eight hours and
have a refresh token. Source: https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps and
https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, SecretStr

from plugfn.definition import Call, OAuth2, OAuthTokens, Result
from plugfn.net.answer import read_as
from plugfn.net.vendor import quoted

MEDIA = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class TokenAnswer(Result):
    """GitHub's answer to a code or a refresh token."""

    access_token: SecretStr = Field(min_length=1)
    scope: str = ""
    expires_in: int | None = Field(default=None, ge=0)
    refresh_token: SecretStr | None = None


def read_tokens(answer: Mapping[str, Any]) -> OAuthTokens:
    """GitHub's token answer as OAuthTokens; GitHub separates scopes by commas. Raises Unexpected."""
    tokens = read_as(TokenAnswer, answer)
    expires_at = None if tokens.expires_in is None else datetime.now(UTC) + timedelta(seconds=tokens.expires_in)
    return OAuthTokens(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_at=expires_at,
        scopes=tuple(scope for scope in tokens.scope.replace(",", " ").split() if scope),
    )


async def revoke(call: Call[OAuthTokens]) -> None:
    """Revokes the token. The request is authenticated as the app, not with the user's token."""
    settings, token = call.settings, call.credentials.access_token.get_secret_value()
    pair = f"{settings.client_id}:{settings.client_secret.get_secret_value()}"
    http = call.http.elsewhere(call.provider.origin(settings, call.credentials).url)
    headers = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}", **MEDIA}
    path = f"/applications/{quoted(settings.client_id)}/token"
    await http.delete(path, json={"access_token": token}, headers=headers)


OAUTH = OAuth2(
    authorize_url="https://github.com/login/oauth/authorize",
    token_url="https://github.com/login/oauth/access_token",  # noqa: S106 - an address
    scopes=("repo",),
    pkce=True,
    read_tokens=read_tokens,
    revoke=revoke,
    reauth_errors=frozenset({"bad_refresh_token", "invalid_grant"}),
)
