"""The whole OAuth flow at the emulator: grant, refusal, rotation, revocation."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from plugfn.crypto import new_key
from plugfn.errors import MissingScope, NeedsReconnect
from plugfn.plug import PlugFn
from plugfn.providers.slack import provider


@pytest.fixture
def slack(emulator):
    return emulator("slack")


@pytest.fixture
async def plug(slack):
    settings = {
        "client_id": "1010101010.2020202020",
        "client_secret": "slack_sandbox_only",
        "authorize_url": f"{slack.url}/oauth/v2/authorize",
        "token_url": f"{slack.url}/api/oauth.v2.access",
        "api_url": f"{slack.url}/api",
        "redirect_uri": "http://127.0.0.1/oauth/slack/callback",
    }
    opened = PlugFn(encryption_key=new_key(), integrations={"slack": settings})
    opened.providers.register(provider)
    async with opened:
        yield opened


async def connected(plug, browse, scopes=None, **pressed):
    url = await plug.connections.authorization_url("ana", "slack", scopes=scopes)
    query = await browse(url, **{"user": "UANA", "allow": "1"} | pressed)
    return (await plug.connections.callback("ana", "slack", query)).connection


async def test_a_user_connects_a_workspace_and_posts(plug, browse):
    connection = await connected(plug, browse)
    assert (connection.account, connection.label) == ("T0SANDBOX1", "Padaria Sol")
    posted = await plug.slack.chat.postMessage(user_id="ana", params={"channel": "geral", "text": "oi"})
    assert posted.message.text == "oi"


async def test_scopes_are_requested_separated_by_commas(plug):
    asked = parse_qs(urlsplit(await plug.connections.authorization_url("ana", "slack")).query)
    assert asked["scope"] == [",".join(provider.auth.scopes)]
    assert "code_challenge" not in asked


async def test_a_user_who_denies_access_is_not_connected(plug, browse):
    with pytest.raises(NeedsReconnect) as caught:
        await connected(plug, browse, allow="0")
    assert caught.value.code == "access_denied"


async def test_scopes_that_were_not_granted_are_named(plug, browse):
    await connected(plug, browse, scopes=["chat:write"])
    with pytest.raises(MissingScope, match="channels:manage"):
        await plug.slack.conversations.create(user_id="ana", params={"name": "nova"})


async def test_parallel_calls_use_a_refresh_token_once(plug, browse, slack):
    slack.control("POST", "/switches", {"rotation": True, "token_seconds": 0})
    await connected(plug, browse)
    slack.control("POST", "/switches", {"token_seconds": 43200})
    calls = [plug.slack.users.info(user_id="ana", params={"user": "UANA"}) for _ in range(8)]
    assert {user.name for user in await asyncio.gather(*calls)} == {"ana"}
    bodies = [request["body"] for request in slack.requests("/api/oauth.v2.access")]
    assert len([body for body in bodies if "grant_type=refresh_token" in body]) == 1


async def test_each_rotation_stores_the_next_refresh_token(plug, browse, slack):
    slack.control("POST", "/switches", {"rotation": True})
    connection = await connected(plug, browse)
    for _ in range(3):
        await plug.connections.refresh(connection.id, "ana")
    assert (await plug.slack.users.info(user_id="ana", params={"user": "UANA"})).name == "ana"
    bodies = [request["body"] for request in slack.requests("/api/oauth.v2.access")]
    assert len(set(bodies)) == 4


async def test_a_refresh_token_used_elsewhere_needs_the_user(plug, browse, slack):
    slack.control("POST", "/switches", {"rotation": True, "token_seconds": 0})
    connection = await connected(plug, browse)
    body = {"ok": False, "error": "invalid_refresh_token"}
    slack.fault("POST /api/oauth.v2.access", kind="answer", status=200, body=body, count=None)
    with pytest.raises(NeedsReconnect) as caught:
        await plug.slack.users.info(user_id="ana", params={"user": "UANA"})
    assert caught.value.code == "invalid_refresh_token"
    assert (await plug.connections.get(connection.id, "ana")).status == "needs_reauth"


async def test_disconnecting_revokes_the_token(plug, browse, slack):
    connection = await connected(plug, browse)
    await plug.connections.disconnect(connection.id, "ana")
    assert slack.control("GET", "/world")["revoked"] == 1
    assert len(slack.requests("/api/auth.revoke")) == 1
