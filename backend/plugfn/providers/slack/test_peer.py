"""The provider against an independent Slack: npm emulate, which checks scopes.

Unlike the real one it answers a bad token with missing_scope instead of invalid_auth, does not rotate tokens and has no
rate limits: these are tested against our own emulator.
"""

import pytest

from plugfn.crypto import new_key
from plugfn.errors import InvalidCall, MissingScope, NotFound
from plugfn.plug import PlugFn
from plugfn.providers.slack import provider

CALLBACK = "http://127.0.0.1/oauth/slack/callback"
SCOPES = ["chat:write", "channels:manage", "users:read"]
SEED = {
    "slack": {
        "team": {"name": "Padaria Sol", "domain": "padaria"},
        "users": [{"name": "ana", "real_name": "Ana", "email": "ana@padaria.example"}],
        "channels": [{"name": "geral", "topic": "Tudo"}],
        "bots": [{"name": "ponte"}],
        "oauth_apps": [
            {
                "client_id": "123.456",
                "client_secret": "peer-secret",
                "app_id": "A000000001",
                "name": "Peer",
                "redirect_uris": [CALLBACK],
                "scopes": SCOPES,
                "bot_name": "ponte",
            }
        ],
        "strict_scopes": True,
    }
}


@pytest.fixture
async def plug(emulate):
    peer = emulate("slack", SEED)
    settings = {
        "client_id": "123.456",
        "client_secret": "peer-secret",
        "authorize_url": f"{peer}/oauth/v2/authorize",
        "token_url": f"{peer}/api/oauth.v2.access",
        "api_url": f"{peer}/api",
        "redirect_uri": CALLBACK,
        "scopes": SCOPES,
    }
    async with plug_with(settings) as opened:
        yield opened


def plug_with(settings):
    plug = PlugFn(encryption_key=new_key(), integrations={"slack": settings})
    plug.providers.register(provider)
    return plug


async def installed(plug, browse, **options):
    query = await browse(await plug.connections.authorization_url("ana", "slack", **options))
    return (await plug.connections.callback("ana", "slack", query)).connection


async def test_connecting_and_calling_work_with_an_independent_slack(plug, browse):
    connection = await installed(plug, browse)
    assert connection.label == "Padaria Sol"
    assert connection.account.startswith("T")
    channel = await plug.slack.conversations.create(user_id="ana", params={"name": "vendas"})
    assert channel.name == "vendas"
    params = {"channel": channel.id, "text": "bom dia <!channel>", "plain": True}
    posted = await plug.slack.chat.postMessage(user_id="ana", params=params)
    assert (posted.channel, posted.message.text) == (channel.id, "bom dia &lt;!channel&gt;")
    answer = {"channel": channel.id, "text": "e boa tarde", "thread_ts": posted.ts}
    assert (await plug.slack.chat.postMessage(user_id="ana", params=answer)).message.thread_ts == posted.ts
    assert (await plug.slack.users.info(user_id="ana", params={"user": posted.message.user})).id == posted.message.user
    await check_errors(plug)


async def check_errors(plug):
    """The peer's errors are mapped to the same errors as Slack's."""
    with pytest.raises(InvalidCall) as taken:
        await plug.slack.conversations.create(user_id="ana", params={"name": "vendas"})
    assert taken.value.code == "name_taken"
    with pytest.raises(NotFound) as nowhere:
        await plug.slack.chat.postMessage(user_id="ana", params={"channel": "C99999999", "text": "oi"})
    assert nowhere.value.code == "channel_not_found"
    with pytest.raises(NotFound):
        await plug.slack.users.info(user_id="ana", params={"user": "U99999999"})


async def test_a_scope_that_was_not_granted_is_named(plug, browse):
    await installed(plug, browse, scopes=["chat:write"])
    with pytest.raises(MissingScope, match="needs channels:manage"):
        await plug.slack.conversations.create(user_id="ana", params={"name": "nova"})
