"""OAuth at Slack: how its token answer is read, how tokens rotate, how a token is revoked.

With token rotation, a token expires after twelve hours and its refresh token works once. PKCE is not used: Slack only
offers it to apps without a secret.
Source: https://docs.slack.dev/authentication/installing-with-oauth and /using-token-rotation
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, SecretStr

from plugfn.definition import Call, OAuth2, OAuthTokens, Result
from plugfn.net.answer import read_as


class Team(Result):
    """A workspace, or an Enterprise organization."""

    id: str = Field(min_length=1)
    name: str = ""


class TokenAnswer(Result):
    """The answer of oauth.v2.access: the bot's token. (A user's token, under authed_user, is ignored.)"""

    access_token: SecretStr = Field(min_length=1)
    scope: str = ""
    expires_in: int | None = Field(default=None, ge=0)
    refresh_token: SecretStr | None = None
    team: Team | None = None
    enterprise: Team | None = None


def read_tokens(answer: Mapping[str, Any]) -> OAuthTokens:
    """Slack's token answer as OAuthTokens. The account is the workspace, or the organization that installed the app.

    Raises Unexpected, also if Slack only granted a user's token: then ask for bot scopes."""
    tokens = read_as(TokenAnswer, answer)
    expires_at = None if tokens.expires_in is None else datetime.now(UTC) + timedelta(seconds=tokens.expires_in)
    account = tokens.team or tokens.enterprise
    return OAuthTokens(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_at=expires_at,
        scopes=tuple(scope for scope in tokens.scope.split(",") if scope),
        account=account.id if account else "",
        label=account.name if account else "",
    )


async def revoke(call: Call[OAuthTokens]) -> None:
    """Revokes the token: https://docs.slack.dev/reference/methods/auth.revoke"""
    await call.http.post("/auth.revoke")


OAUTH = OAuth2(
    authorize_url="https://slack.com/oauth/v2/authorize",
    token_url="https://slack.com/api/oauth.v2.access",  # noqa: S106 - an address
    scopes=("chat:write", "channels:manage", "users:read", "channels:history", "app_mentions:read"),
    scope_separator=",",
    pkce=False,
    read_tokens=read_tokens,
    revoke=revoke,
    reauth_errors=frozenset(
        {"invalid_refresh_token", "invalid_grant", "token_revoked", "token_expired", "account_inactive", "invalid_auth"}
    ),
)
