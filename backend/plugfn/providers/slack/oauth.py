"""Connecting a workspace: Slack's token answers, their rotation, taking a token back.

With token rotation a token ends after twelve hours and its refresh token works once. PKCE is left out: Slack offers it
to apps without a secret. Source: https://docs.slack.dev/authentication/installing-with-oauth and /using-token-rotation
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
    """What oauth.v2.access gives: the bot's token. (A user's own, under authed_user, is not kept.)"""

    access_token: SecretStr = Field(min_length=1)
    scope: str = ""
    expires_in: int | None = Field(default=None, ge=0)
    refresh_token: SecretStr | None = None
    team: Team | None = None
    enterprise: Team | None = None


def read_tokens(answer: Mapping[str, Any]) -> OAuthTokens:
    """Slack's token answer as ours; the account is the workspace (or the organization it was installed in).

    Raises Unexpected, also when only a user's token was granted: ask for bot scopes."""
    found = read_as(TokenAnswer, answer)
    ends = None if found.expires_in is None else datetime.now(UTC) + timedelta(seconds=found.expires_in)
    where = found.team or found.enterprise
    return OAuthTokens(
        access_token=found.access_token,
        refresh_token=found.refresh_token,
        expires_at=ends,
        scopes=tuple(scope for scope in found.scope.split(",") if scope),
        account=where.id if where else "",
        label=where.name if where else "",
    )


async def revoke(call: Call[OAuthTokens]) -> None:
    """Take the token back: https://docs.slack.dev/reference/methods/auth.revoke"""
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
