"""Tests of token refresh, with a server that revokes the grant when a refresh token is used twice."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from plugfn.connection import ConnectionStatus
from plugfn.definition import Call, OAuthTokens
from plugfn.errors import InvalidCall, NeedsReconnect, NoConnection, TryLater
from plugfn.net.vendor import VendorHttp
from plugfn.oauth.conftest import ACTORS, refreshes
from plugfn.oauth.token_endpoint import with_new_tokens
from plugfn.testing.oauth_site import Site


async def test_a_refresh_answer_without_a_refresh_token_keeps_the_old_one(site):
    """An answer without refresh_token wiped the stored one, and the connection died an hour later."""
    site.options(rotate=False)
    connection = (await site.connect()).connection
    before = await site.tokens(connection)
    for number in (1, 2):
        await site.end_soon(connection)
        await site.me(connection)
        after = await site.tokens(connection)
        assert after.refresh_token == before.refresh_token
        assert after.access_token != before.access_token
        assert len(refreshes(site)) == number


def test_a_refresh_keeps_what_the_answer_omits():
    old = OAuthTokens(
        access_token=SecretStr("a"), refresh_token=SecretStr("r"), scopes=("x",), account="acct", label="Acme"
    )
    new = with_new_tokens(old, OAuthTokens(access_token=SecretStr("b")))
    assert new == old.model_copy(update={"access_token": SecretStr("b")})
    assert with_new_tokens(old, new.model_copy(update={"scopes": ("y",)})).scopes == ("y",)


async def test_a_rotated_pair_is_stored_before_it_is_used(site):
    connection = (await site.connect()).connection
    before = await site.tokens(connection)
    await site.end_soon(connection)
    used: list[Any] = []
    whoami = site.provider.actions["me.get"].run

    async def spying(call: Any, params: Any) -> Any:
        used.append((call.credentials.access_token, (await site.tokens(connection)).access_token))
        return await whoami(call, params)

    object.__setattr__(site.provider.actions["me.get"], "run", spying)
    await site.me(connection)
    [(sent, stored)] = used
    assert sent == stored
    assert (await site.tokens(connection)).refresh_token != before.refresh_token


async def test_a_token_is_renewed_shortly_before_it_expires(site):
    connection = (await site.connect()).connection
    await site.end_soon(connection, 120)
    await site.me(connection)
    assert refreshes(site) == []
    await site.end_soon(connection, 30)
    await site.me(connection)
    assert len(refreshes(site)) == 1
    fresh = await site.connections.get(connection.id, "ana")
    assert fresh.expires_at is not None
    assert connection.expires_at is not None
    assert fresh.expires_at > connection.expires_at


async def test_a_token_without_an_expiry_is_not_renewed(site):
    site.options(expires_in=None)
    connection = (await site.connect()).connection
    assert connection.expires_at is None
    await site.me(connection)
    assert refreshes(site) == []


@pytest.mark.parametrize("errors_with_200", [False, True])
async def test_a_refused_refresh_needs_the_user_to_connect_again(site, errors_with_200):
    """A refusal with HTTP 200 is a refusal: no error document is ever stored as tokens."""
    connection = (await site.connect()).connection
    before = await site.tokens(connection)
    site.options(errors_with_200=errors_with_200)
    await site.set_tokens(connection, refresh_token=SecretStr("guessed"))
    await site.end_soon(connection)
    for _ in range(2):
        with pytest.raises(NeedsReconnect) as caught:
            await site.me(connection)
        assert caught.value.code == "invalid_grant"
    marked = await site.connections.get(connection.id, "ana")
    assert (marked.status, marked.error_code) == (ConnectionStatus.NEEDS_REAUTH, "invalid_grant")
    assert len(refreshes(site)) == 1
    assert (await site.tokens(connection)).access_token == before.access_token
    site.options(errors_with_200=False)
    assert (await site.connect()).connection.id == connection.id
    assert (await site.me(connection)).account == "acct-1"


async def test_the_old_token_is_used_while_the_token_endpoint_fails(site):
    connection = (await site.connect()).connection
    before = await site.tokens(connection)
    await site.end_soon(connection, 30)
    site.emulator.fault("POST /token", kind="answer", status=500, count=None)
    for _ in range(3):
        assert (await site.me(connection)).account == "acct-1"
    # After a failure there is a pause: the next calls did not ask the vendor again.
    assert len(refreshes(site)) == 1
    assert (await site.tokens(connection)).refresh_token == before.refresh_token
    assert (await site.connections.get(connection.id, "ana")).status is ConnectionStatus.ACTIVE


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "answer", "status": 500},
        {"kind": "answer", "status": 429, "headers": {"Retry-After": "9"}},
        {"kind": "answer", "status": 200, "body": "<html>"},
        {"kind": "answer", "status": 400, "body": {"error": "brand_new"}},
        {"kind": "answer", "status": 401, "body": {"error": "invalid_client"}},
        {"kind": "reset"},
    ],
)
async def test_an_expired_token_that_cannot_be_renewed_now_raises_try_later(site, fault):
    connection = (await site.connect()).connection
    await site.end_soon(connection)
    site.emulator.fault("POST /token", **fault)
    with pytest.raises(TryLater) as caught:
        await site.connections.credentials(site.provider, connection)
    assert caught.value.code not in ("", "try_later")
    assert (await site.connections.get(connection.id, "ana")).status is ConnectionStatus.ACTIVE
    await site.plug.shared.delete(f"refresh-failed:{connection.id}")
    assert (await site.me(connection)).account == "acct-1"


async def test_a_token_revoked_early_is_renewed_and_the_call_repeated(site):
    connection = (await site.connect()).connection
    site.emulator.control("POST", "/expire")
    found = await asyncio.gather(*(site.me(connection) for _ in range(ACTORS)))
    assert len(found) == ACTORS
    assert len(refreshes(site)) == 1


async def test_a_renewed_token_that_is_refused_too_needs_the_user(site):
    connection = (await site.connect()).connection
    site.emulator.fault("GET /api/me", kind="answer", status=401, count=None)
    with pytest.raises(NeedsReconnect):
        await site.me(connection)
    assert len(refreshes(site)) == 1
    assert (await site.connections.get(connection.id, "ana")).status is ConnectionStatus.NEEDS_REAUTH
    with pytest.raises(NeedsReconnect):
        await site.me(connection)
    assert len(refreshes(site)) == 1


async def test_a_withdrawn_grant_needs_the_user(site):
    connection = (await site.connect()).connection
    await site.provider.auth.revoke(_call(site, connection, await site.tokens(connection)))
    with pytest.raises(NeedsReconnect) as caught:
        await site.me(connection)
    assert caught.value.code == "invalid_grant"
    assert (await site.connections.get(connection.id, "ana")).status is ConnectionStatus.NEEDS_REAUTH


def _call(site: Site, connection: Any, tokens: OAuthTokens) -> Any:
    http = VendorHttp(site.plug.pool, site.emulator.url, trusted=True)
    return Call(site.provider, connection, tokens, site.plug.providers.settings("acme"), http, site.plug.guard, "x")


async def test_an_expired_token_without_a_refresh_token_needs_the_user(site):
    site.options(refresh_tokens=False)
    connection = (await site.connect()).connection
    await site.end_soon(connection, 30)
    assert (await site.me(connection)).account == "acct-1"
    await site.end_soon(connection)
    with pytest.raises(NeedsReconnect) as caught:
        await site.me(connection)
    assert caught.value.code == "token_expired"
    assert (await site.connections.get(connection.id, "ana")).error_code == "token_expired"
    site.options(refresh_tokens=True)
    assert (await site.connect()).connection.id == connection.id
    assert (await site.me(connection)).account == "acct-1"


async def test_a_user_can_renew_tokens_by_hand(site):
    connection = (await site.connect()).connection
    before = await site.tokens(connection)
    await site.connections.refresh(connection.id, "ana")
    assert (await site.tokens(connection)).access_token != before.access_token
    with pytest.raises(NoConnection):
        await site.connections.refresh(connection.id, "bob")
    await site.set_tokens(connection, refresh_token=None)
    with pytest.raises(InvalidCall):
        await site.connections.refresh(connection.id, "ana")


async def test_no_secret_of_a_refresh_is_shown(site, caplog: pytest.LogCaptureFixture):
    connection = (await site.connect()).connection
    await site.end_soon(connection)
    site.emulator.fault("POST /token", kind="answer", status=500, body={"error": "server_error", "t": "hunter2"})
    with pytest.raises(TryLater) as caught:
        await site.connections.credentials(site.provider, connection)
    tokens = await site.tokens(connection)
    shown = f"{caught.value!r} {caught.value.as_dict()} {tokens!r} {caplog.text}"
    assert tokens.refresh_token is not None
    for secret in (tokens.access_token.get_secret_value(), tokens.refresh_token.get_secret_value(), "hunter2"):
        assert secret not in shown
