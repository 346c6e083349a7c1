"""The provider against an independent GitHub: npm emulate. It differs from the real one as follows.

It does not check PKCE, sends no ping, numbers its deliveries instead of naming them by GUID, has no rate limits, shows
a public repository to a token it does not know, says 403 of another's private one, and takes a pull request from a
branch that is not there: these are tested against our own emulator.
"""

import asyncio

import aiohttp
import pytest

from plugfn.crypto import new_key
from plugfn.errors import InvalidCall, NeedsReconnect, NotFound
from plugfn.inbound import Inbound
from plugfn.plug import PlugFn
from plugfn.providers.github import provider

CALLBACK = "http://127.0.0.1/oauth/github/callback"
SECRET = "between the peer and us"
SEED = {
    "tokens": {"admin": {"login": "ana", "scopes": ["repo"]}},
    "github": {
        "users": [{"login": "ana", "name": "Ana"}, {"login": "bruno", "name": "Bruno"}],
        "repos": [
            {"owner": "ana", "name": "loja", "auto_init": True},
        ],
        "oauth_apps": [
            {"client_id": "Iv1.peer", "client_secret": "peer-secret", "name": "Peer", "redirect_uris": [CALLBACK]}
        ],
    },
}
LOJA = {"owner": "ana", "repo": "loja"}


@pytest.fixture
def peer(emulate):
    return emulate("github", SEED)


@pytest.fixture
async def plug(peer):
    settings = {
        "client_id": "Iv1.peer",
        "client_secret": "peer-secret",
        "authorize_url": f"{peer}/login/oauth/authorize",
        "token_url": f"{peer}/login/oauth/access_token",
        "api_url": peer,
        "redirect_uri": CALLBACK,
        "webhook_secrets": [SECRET],
    }
    made = PlugFn(encryption_key=new_key(), integrations={"github": settings}, allowed_networks=["127.0.0.0/8"])
    made.providers.register(provider)
    async with made:
        yield made


class Hub:
    """Receives the Doorstep's deliveries, as a Bench does."""

    def __init__(self, plug):
        self.plug, self.events = plug, []
        plug.webhooks.on("github", "*", self.events.append)

    async def receive(self, body, headers):
        lower = {name.lower(): value for name, value in headers.items()}
        return await self.plug.webhooks.receive("github", Inbound(body, lower))


async def test_connecting_calling_and_webhooks_work_with_an_independent_github(plug, browse, peer, doorstep):
    query = await browse(await plug.connections.authorization_url("ana", "github"), login="ana")
    connection = (await plug.connections.callback("ana", "github", query)).connection
    assert (connection.label, connection.scopes) == ("ana", ("repo",))

    repo = await plug.github.repos.get(user_id="ana", params=LOJA)
    assert (repo.full_name, str(repo.owner.id)) == ("ana/loja", connection.account)
    issue = await plug.github.issues.create(user_id="ana", params={**LOJA, "title": "O forno não liga", "body": "…"})
    assert (issue.title, issue.state, issue.user.login) == ("O forno não liga", "open", "ana")

    params = {**LOJA, "title": "Trocar o fusível", "head": "novo", "base": "main"}
    pull = await plug.github.pulls.create(user_id="ana", params=params)
    assert (pull.number, pull.head.ref, pull.base.ref) == (issue.number + 1, "novo", "main")

    await check_errors(plug)
    await check_delivery(plug, connection, peer, doorstep)


async def check_errors(plug):
    """The peer's errors are mapped to the same errors as GitHub's."""
    with pytest.raises(NotFound):
        await plug.github.repos.get(user_id="ana", params={"owner": "ana", "repo": "nada"})
    with pytest.raises(InvalidCall):
        await plug.github.pulls.create(user_id="ana", params={**LOJA, "title": "x", "head": "main", "base": "main"})


async def check_delivery(plug, connection, peer, doorstep):
    """The peer signs its deliveries as our parser expects."""
    doorstep.bench = hub = Hub(plug)
    config = {"url": doorstep.url, "content_type": "json", "secret": SECRET}
    document = {"name": "web", "active": True, "events": ["issues"], "config": config}
    headers = provider.headers(await plug.connections.credentials(provider, connection))
    hooks = f"{peer}/repos/ana/loja/hooks"
    async with aiohttp.ClientSession(headers=headers) as session, session.post(hooks, json=document) as answer:
        assert answer.status == 201
    await plug.github.issues.create(user_id="ana", params={**LOJA, "title": "contado"})
    async with asyncio.timeout(5):
        while not [event for event in hub.events if event.name == "issues.opened"]:
            await asyncio.sleep(0.02)
    (event,) = [event for event in hub.events if event.name == "issues.opened"]
    opened = plug.providers.trigger("github", "issues.opened").payload.model_validate(event.payload)
    assert opened.issue.title == "contado"
    assert [receipt.status for receipt in doorstep.receipts] == [200] * len(doorstep.receipts)


async def test_a_code_is_exchanged_once(plug, browse):
    query = await browse(await plug.connections.authorization_url("ana", "github"), login="ana")
    await plug.connections.callback("ana", "github", query)
    other = await browse(await plug.connections.authorization_url("ana", "github"), login="ana")
    with pytest.raises(NeedsReconnect) as caught:
        await plug.connections.callback("ana", "github", other | {"code": query["code"]})
    assert caught.value.code == "bad_verification_code"
