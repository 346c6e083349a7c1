"""Runs the Python of the pages. The blocks of a page run one after the other in one namespace.

Every PlugFn that a page creates gets the settings of GitHub's emulator (its URLs, application and callback URL), and
may connect to this machine. `visit(url)` presses "Authorize" at the emulator as the user ana. A page that uses `plug`
without creating it gets a PlugFn in which ana has connected her accounts.
"""

import ast
import asyncio
import inspect
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx2
import pytest

from plugfn.crypto import new_key
from plugfn.docs.pages import page
from plugfn.plug import PlugFn
from plugfn.providers import email_smtp_provider, github_provider
from plugfn.providers.github.webhooks import signature

APP = {"client_id": "Iv1.sandbox0000000001", "client_secret": "github_sandbox_only"}
HOOK_SECRET = "the secret of the hook"


def settings_for(url: str) -> dict[str, Any]:
    urls = {"authorize_url": f"{url}/login/oauth/authorize", "token_url": f"{url}/login/oauth/access_token"}
    return {**APP, **urls, "api_url": url, "redirect_uri": "http://127.0.0.1/integrations/oauth/github/callback"}


@pytest.fixture
def github(emulator, monkeypatch, tmp_path):
    """GitHub's emulator, with ana's repository "house". During the test, every new PlugFn uses it as GitHub."""
    found, init = emulator("github"), PlugFn.__init__
    found.control("POST", "/repos", {"owner": "ana", "name": "house"})

    def substituted(self: PlugFn, **options: Any) -> None:
        given = options.get("integrations") or {}
        github = {**given.get("github", {}), **settings_for(found.url)}
        init(self, **options | {"integrations": {**given, "github": github}, "allowed_networks": ("127.0.0.0/8",)})

    monkeypatch.setattr(PlugFn, "__init__", substituted)
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"):
        monkeypatch.setenv(name, "of your own")
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", HOOK_SECRET)
    monkeypatch.setenv("PLUGFN_ENCRYPTION_KEY", new_key())
    return found


async def visit(url: str) -> dict[str, str]:
    """What the user does at GitHub's page."""
    asked = dict(parse_qsl(urlsplit(url).query))
    async with httpx2.AsyncClient(trust_env=False) as browser:
        answer = await browser.post(url.partition("?")[0], data={**asked, "login": "ana", "authorize": "1"})
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def run(name: str, **given: Any) -> dict[str, Any]:
    """Run all Python of a page. Returns its namespace."""
    names: dict[str, Any] = {"__name__": "page", **given}
    blocks = page(name).blocks("python")
    assert blocks
    for block in blocks:
        code = compile(block, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        # Blocks without await run in a thread, as scripts and Flask's views do.
        running = await asyncio.to_thread(eval, code, names)
        if inspect.iscoroutine(running):
            await running
    return names


async def a_plug(github: Any) -> PlugFn:
    """A PlugFn with connections of ana's to GitHub and a mail server."""
    plug = PlugFn(encryption_key=new_key(), database="memory://")
    plug.providers.register(github_provider, email_smtp_provider)
    await plug.open()
    token = github.control("POST", "/tokens", {"login": "ana"})["access_token"]
    await plug.connections.create("ana", "github", {"access_token": token, "scopes": ["repo"], "account": "ana"})
    await plug.connections.create("ana", "email_smtp", {"host": "smtp.example.com", "from_email": "ana@example.com"})
    return plug


async def test_the_readme_runs(github, capsys):
    names = await run("README.md", visit=visit)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "ana"
    assert said[1].startswith("1 http")
    assert said[2:6] == ["1 of 2", "2 of 2", "ana/house", "http_404"]
    assert said[6] == "fix http_404"
    assert names["repository"].full_name == "ana/house"
    assert len(github.requests("/repos/ana/house/issues")) == 1
    await names["plug"].close()


async def test_the_quickstart_runs(github, capsys):
    """The test sends HTTP requests to the quickstart's application, as its users and GitHub would."""
    names = await run("docs/quickstart.md")
    app, plug = names["app"], names["plug"]
    async with app.router.lifespan_context(app):
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as client:
            await connected(client)
            assert (await names["report"]("ana", "The roof leaks")).endswith("/ana/house/issues/1")
            await delivered(client, "A bug in the roof")
            assert "a new issue: A bug in the roof" in capsys.readouterr().out
            await names["automate"]("ana")
            await delivered(client, "Another bug")
        await asyncio.to_thread(names["plain"].close)
    await plug.close()
    titles = [json.loads(request["body"])["title"] for request in github.requests("/repos/ana/house/issues")]
    assert titles == ["The roof leaks", "Look at: Another bug"]


async def connected(client: httpx2.AsyncClient) -> None:
    user = {"x-user": "ana"}
    answer = await client.post("/integrations/connections/github/authorize", headers=user, json={})
    query = await visit(answer.json()["authorization_url"])
    answer = await client.get("/integrations/oauth/github/callback", params=query, headers=user)
    assert answer.json()["connection"]["label"] == "ana"


async def delivered(client: httpx2.AsyncClient, title: str) -> None:
    ana = {"login": "ana", "id": 1001}  # as the emulator numbers its users
    repository = {
        "id": 2,
        "name": "house",
        "full_name": "ana/house",
        "private": False,
        "html_url": "https://g",
        "owner": ana,
    }
    issue = {"id": 3, "number": 4, "title": title, "state": "open", "html_url": "https://g/4"}
    body = json.dumps({"action": "opened", "issue": issue, "repository": repository, "sender": ana}).encode()
    headers = {
        "content-type": "application/json",
        "x-github-event": "issues",
        "x-github-delivery": str(uuid4()),
        "x-hub-signature-256": signature(HOOK_SECRET, body),
    }
    answer = await client.post("/integrations/webhooks/github", content=body, headers=headers)
    assert answer.status_code == 200


async def test_the_routes_that_the_quickstart_names_exist(github):
    names = await run("docs/quickstart.md")
    routes = [code.split() for code in page("docs/quickstart.md").spans if code.startswith(("GET /", "POST /"))]
    assert len(routes) == 5
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(names["app"]), base_url="http://test") as client:
        for method, path in routes:
            assert (await client.request(method, path)).status_code not in (404, 405), path
    await asyncio.to_thread(names["plain"].close)


async def test_the_page_on_agents_runs(github, capsys):
    plug = await a_plug(github)
    names = await run("docs/agents.md", plug=plug)
    said = capsys.readouterr().out
    assert "email_smtp_messages_send - " in said
    assert "github_issues_create ['title'" in said
    assert names["issue"].title == "Found by the agent"
    await plug.close()


async def test_the_page_on_operations_runs(github):
    plug = await a_plug(github)
    names = await run("docs/operations.md", plug=plug)
    assert names["rotated"].complete
    await plug.close()
