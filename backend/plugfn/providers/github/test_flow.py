"""The whole OAuth flow at the emulator: grant, refusal, refresh, revocation."""

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from plugfn.crypto import new_key
from plugfn.errors import GiveUp, InvalidState, NeedsReconnect
from plugfn.inbound import Inbound, Keys
from plugfn.plug import PlugFn
from plugfn.providers.github import provider
from plugfn.providers.github.webhooks import parse

LOJA = {"owner": "ana", "repo": "loja"}


@pytest.fixture
def github(emulator):
    return emulator("github")


def plug_of(github, **changes):
    settings = {
        "client_id": "Iv1.sandbox0000000001",
        "client_secret": "github_sandbox_only",
        "authorize_url": f"{github.url}/login/oauth/authorize",
        "token_url": f"{github.url}/login/oauth/access_token",
        "api_url": github.url,
        "redirect_uri": "http://127.0.0.1/oauth/github/callback",
    }
    integrations = {"github": settings | changes}
    plug = PlugFn(encryption_key=new_key(), integrations=integrations, allowed_networks=["127.0.0.0/8"])
    plug.providers.register(provider)
    return plug


@pytest.fixture
async def plug(github):
    async with plug_of(github) as opened:
        yield opened


async def connected(plug, browse, **pressed):
    url = await plug.connections.authorization_url("ana", "github")
    query = await browse(url, **{"login": "ana", "authorize": "1"} | pressed)
    return (await plug.connections.callback("ana", "github", query)).connection


async def test_a_user_connects_and_works(plug, browse, github):
    connection = await connected(plug, browse)
    assert (connection.account, connection.label, connection.scopes) == ("1001", "ana", ("repo",))
    assert connection.expires_at is None
    issue = await plug.github.issues.create(user_id="ana", params={**LOJA, "title": "oi"})
    assert issue.user.login == "ana"
    (exchange,) = github.requests("/login/oauth/access_token")
    assert "code_verifier=" in exchange["body"]
    assert exchange["headers"]["accept"] == "application/json"


async def test_the_challenge_is_s256(plug):
    asked = parse_qs(urlsplit(await plug.connections.authorization_url("ana", "github")).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["repo"]


async def test_a_user_who_denies_access_is_not_connected(plug, browse):
    with pytest.raises(NeedsReconnect) as caught:
        await connected(plug, browse, authorize="0")
    assert caught.value.code == "access_denied"
    assert await plug.connections.list("ana") == []


async def test_a_used_code_is_an_error_despite_status_200(plug, browse):
    url = await plug.connections.authorization_url("ana", "github")
    other = await plug.connections.authorization_url("ana", "github")
    query = await browse(url, login="ana", authorize="1")
    await plug.connections.callback("ana", "github", query)
    stolen = query | {"state": parse_qs(urlsplit(other).query)["state"][0]}
    with pytest.raises(NeedsReconnect) as caught:
        await plug.connections.callback("ana", "github", stolen)
    assert caught.value.code == "bad_verification_code"
    assert len(await plug.connections.list("ana")) == 1


async def test_a_code_does_not_work_in_another_authorization(plug, browse):
    """PKCE: the code of one authorization does not work with the verifier of another."""
    query = await browse(await plug.connections.authorization_url("ana", "github"), login="ana", authorize="1")
    other = await plug.connections.authorization_url("ana", "github")
    with pytest.raises(NeedsReconnect):
        await plug.connections.callback("ana", "github", query | {"state": parse_qs(urlsplit(other).query)["state"][0]})
    with pytest.raises(InvalidState):
        await plug.connections.callback("bruno", "github", query)


async def test_a_wrong_client_secret_is_a_configuration_error(github, browse):
    async with plug_of(github, client_secret="wrong-secret") as plug:
        with pytest.raises(GiveUp) as caught:
            await connected(plug, browse)
    assert caught.value.code == "incorrect_client_credentials"
    assert "wrong-secret" not in str(caught.value)


async def test_parallel_calls_refresh_an_expired_token_once(plug, browse, github):
    github.control("POST", "/switches", {"expiring": True, "token_seconds": 0})
    await connected(plug, browse)
    github.control("POST", "/switches", {"token_seconds": 28800})
    calls = [plug.github.repos.get(user_id="ana", params=LOJA) for _ in range(8)]
    assert {repo.name for repo in await asyncio.gather(*calls)} == {"loja"}
    bodies = [request["body"] for request in github.requests("/login/oauth/access_token")]
    assert len([body for body in bodies if "grant_type=refresh_token" in body]) == 1


async def test_a_refused_refresh_needs_the_user(plug, browse, github):
    github.control("POST", "/switches", {"expiring": True, "token_seconds": 0})
    connection = await connected(plug, browse)
    body = {"error": "bad_refresh_token", "error_description": "The refresh token passed is incorrect or expired."}
    github.fault("POST /login/oauth/access_token", kind="answer", status=200, body=body, count=None)
    with pytest.raises(NeedsReconnect) as caught:
        await plug.github.repos.get(user_id="ana", params=LOJA)
    assert caught.value.code == "bad_refresh_token"
    assert (await plug.connections.get(connection.id, "ana")).status == "needs_reauth"


async def test_connecting_the_same_account_again_renews_the_connection(plug, browse):
    first, second = await connected(plug, browse), await connected(plug, browse)
    assert first.id == second.id


async def test_disconnecting_revokes_the_token(plug, browse, github):
    connection = await connected(plug, browse)
    assert github.control("GET", "/world")["tokens"] == 1
    await plug.connections.disconnect(connection.id, "ana")
    assert github.control("GET", "/world")["tokens"] == 0
    assert await plug.connections.list("ana") == []


async def test_a_new_owner_of_a_login_is_another_account(plug, browse, github):
    """Events of a login's new owner must not reach the previous owner's workflows."""
    old = await connected(plug, browse)
    github.control("POST", "/users", {"login": "ana"})
    new = await connected(plug, browse)
    assert (old.label, new.label) == ("ana", "ana")
    assert new.id != old.id
    repo = await plug.github.repos.get(user_id="ana", connection_id=new.id, params=LOJA)
    payload = {"repository": repo.model_dump(), "action": "opened"}
    headers = {"x-github-event": "issues", "x-github-delivery": "d-1", "content-type": "application/json"}
    (event,) = parse(Inbound(json.dumps(payload).encode(), headers), Keys()).events
    assert [each.id for each in await plug.connections.of_account("github", event.account)] == [new.id]


async def test_a_connection_has_no_account_if_github_does_not_say_whose_it_is(plug, browse, github):
    github.fault("GET /user", kind="answer", status=500, count=None)
    connection = await connected(plug, browse)
    assert connection.account == ""
