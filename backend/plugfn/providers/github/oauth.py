"""Connecting at GitHub: its token answers, and taking a token back.

Both kinds of app work: an OAuth app's tokens do not end; a GitHub App's user tokens end after eight hours and come with
a refresh token. Source: https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps and
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
    """What GitHub gives for a code or a refresh token."""

    access_token: SecretStr = Field(min_length=1)
    scope: str = ""
    expires_in: int | None = Field(default=None, ge=0)
    refresh_token: SecretStr | None = None


def read_tokens(answer: Mapping[str, Any]) -> OAuthTokens:
    """GitHub's token answer as ours; its scopes are parted by commas. Raises Unexpected."""
    found = read_as(TokenAnswer, answer)
    ends = None if found.expires_in is None else datetime.now(UTC) + timedelta(seconds=found.expires_in)
    return OAuthTokens(
        access_token=found.access_token,
        refresh_token=found.refresh_token,
        expires_at=ends,
        scopes=tuple(scope for scope in found.scope.replace(",", " ").split() if scope),
    )


async def revoke(call: Call[OAuthTokens]) -> None:
    """Take the token back. This is asked in the app's own name, so the user's token does not authenticate it."""
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
