"""One suite for the core and for each adapter: the same routes give the same JSON."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import flask
import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from plugfn.calls.test_executor import Script, made
from plugfn.crypto import new_key
from plugfn.plug import PlugFn
from plugfn.sync import SyncPlugFn
from plugfn.web.core import Web
from plugfn.web.fastapi import plugfn_router
from plugfn.web.flask import plugfn_blueprint
from plugfn.web.messages import Request
from plugfn.webhooks.test_hub import PROVIDER as HOOKED
from plugfn.webhooks.test_hub import SECRET

JSON = {"content-type": "application/json"}


@dataclass
class Got:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def user_of(request: Any) -> str | None:
    return request.headers.get("x-user")


def plug_with(auth: Callable[[Any], str | None] = user_of) -> PlugFn:
    acting = made(Script())
    provider = type(acting)(**{**vars(acting), "triggers": HOOKED.triggers, "webhooks": HOOKED.webhooks})
    plug = PlugFn(encryption_key=new_key(), auth=auth, integrations={"acme": {"webhook_secrets": [SECRET]}})
    plug.providers.register(provider)
    return plug


class Core:
    def __init__(self) -> None:
        self._web = Web(plug_with())

    async def send(self, method, path, headers=None, body=b"", query=None) -> Got:
        request = Request(method, path, query or {}, headers or {}, body)
        object.__setattr__(request, "native", request)
        answer = await self._web.handle(request)
        return Got(answer.status, dict(answer.headers), answer.body)

    async def close(self) -> None: ...


class OverFastAPI:
    def __init__(self) -> None:
        app = FastAPI()
        app.include_router(plugfn_router(plug_with()), prefix="/integrations")
        self._client = AsyncClient(transport=ASGITransport(app), base_url="http://test")

    async def send(self, method, path, headers=None, body=b"", query=None) -> Got:
        url = f"/integrations{path}"
        answer = await self._client.request(method, url, headers=headers, content=body, params=query)
        return Got(answer.status_code, dict(answer.headers), answer.content)

    async def close(self) -> None:
        await self._client.aclose()


class OverFlask:
    def __init__(self) -> None:
        app = flask.Flask(__name__)
        self._plug = SyncPlugFn(plug_with())
        app.register_blueprint(plugfn_blueprint(self._plug), url_prefix="/integrations")
        self._client = app.test_client()

    async def send(self, method, path, headers=None, body=b"", query=None) -> Got:
        url = f"/integrations{path}"
        answer = self._client.open(url, method=method, headers=headers, data=body, query_string=query)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Got(answer.status_code, headers, answer.get_data())

    async def close(self) -> None:
        self._plug.close()


@pytest.fixture(params=[Core, OverFastAPI, OverFlask])
async def web(request):
    adapter = request.param()
    yield adapter
    await adapter.close()


def as_user(name: str, **more: str) -> dict[str, str]:
    return {"x-user": name, **JSON, **more}


async def connect(web, user="ana") -> str:
    body = json.dumps({"provider": "acme", "credentials": {"key": "a-secret-key"}, "label": "Main"}).encode()
    answer = await web.send("POST", "/connections", as_user(user), body)
    assert answer.status == 201, answer.body
    assert b"a-secret-key" not in answer.body
    return answer.json["connection"]["id"]


async def test_providers_are_listed_without_a_login(web):
    (provider,) = (await web.send("GET", "/providers")).json["providers"]
    assert provider["actions"] == [{"name": "numbers.ask", "summary": "Asks.", "safe": False}]
    assert provider["events"] == [{"name": "ping", "summary": "A ping."}]
    assert "key" in provider["credentials"]["properties"]


async def test_a_connection_is_made_listed_used_and_removed(web):
    connection = await connect(web)
    (listed,) = (await web.send("GET", "/connections", as_user("ana"))).json["connections"]
    assert (listed["id"], listed["label"], listed["status"]) == (connection, "Main", "active")
    answer = await web.send("POST", "/actions/acme/numbers.ask", as_user("ana"), b'{"params": {"number": 3}}')
    assert (answer.status, answer.json) == (200, {"result": {"number": 3, "anything": None}})
    (row,) = (await web.send("GET", "/logs", as_user("ana"))).json["logs"]
    assert (row["action"], row["outcome"]) == ("numbers.ask", "ok")
    assert (await web.send("DELETE", f"/connections/{connection}", as_user("ana"))).status == 204
    assert (await web.send("GET", "/connections", as_user("ana"))).json == {"connections": []}


async def test_another_user_can_neither_see_nor_use_a_connection(web):
    connection = await connect(web)
    assert (await web.send("GET", "/connections", as_user("bruno"))).json == {"connections": []}
    assert (await web.send("GET", "/logs", as_user("bruno"))).json == {"logs": []}
    for method, path in (("DELETE", f"/connections/{connection}"), ("POST", f"/connections/{connection}/test")):
        assert (await web.send(method, path, as_user("bruno"))).status == 404
    body = json.dumps({"connection_id": connection}).encode()
    assert (await web.send("POST", "/actions/acme/numbers.ask", as_user("bruno"), body)).status == 404


@pytest.mark.parametrize("path", ["/connections", "/logs", "/oauth/acme/callback"])
async def test_without_a_user_nothing_personal_is_shown(web, path):
    answer = await web.send("GET", path)
    assert (answer.status, answer.json["error"]["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{}", {}, 422, "invalid_params"),
        (b"not json", JSON, 422, "invalid_params"),
        (b"[]", JSON, 422, "invalid_params"),
        (b'{"params": {"number": "x"}}', JSON, 422, "invalid_params"),
        (b'{"unknown": 1}', JSON, 422, "invalid_params"),
        (b"[" * 100_000, JSON, 422, "invalid_params"),
    ],
)
async def test_the_answer_says_what_is_wrong_with_a_body(web, body, headers, status, code):
    await connect(web)
    answer = await web.send("POST", "/actions/acme/numbers.ask", {"x-user": "ana", **headers}, body)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)


async def test_a_body_that_is_too_big_is_refused(web):
    if isinstance(web, Core):
        pytest.skip("the core is given whole bodies")
    answer = await web.send("POST", "/connections", as_user("ana"), b"x" * 1_100_000)
    assert answer.status == 413


async def test_unknown_names_and_paths_get_404(web):
    await connect(web)
    answer = await web.send("POST", "/actions/acme/numbers.aks", as_user("ana"), b"{}")
    assert (answer.status, answer.json["error"]["next"]) == (404, "fix_call")
    assert "did you mean" in answer.json["error"]["message"]
    assert (await web.send("GET", "/nothing")).status == 404
    assert (await web.send("DELETE", "/providers")).status == 405


async def test_an_idempotency_key_gives_the_first_result(web):
    await connect(web)
    for number, expected in ((1, 200), (1, 200), (2, 409)):
        body = json.dumps({"params": {"number": number}}).encode()
        headers = as_user("ana", **{"idempotency-key": "k"})
        assert (await web.send("POST", "/actions/acme/numbers.ask", headers, body)).status == expected
    assert len((await web.send("GET", "/logs", as_user("ana"))).json["logs"]) == 1


async def test_a_webhook_is_received_as_raw_bytes(web):
    body = '{"events": [{"kind": "ping", "id": "1", "text": "olá 😀"}]}'.encode()
    headers = {"x-signature": hmac.new(SECRET.encode(), body, sha256).hexdigest()}
    assert (await web.send("POST", "/webhooks/acme", headers, body)).status == 200
    assert (await web.send("POST", "/webhooks/acme", headers, body + b" ")).status == 401
    assert (await web.send("POST", "/webhooks/nobody", headers, body)).status == 404
    assert (await web.send("POST", "/webhooks/acme/connection/secret/messages/text", headers, body)).status == 404


async def test_a_handshake_is_echoed_as_it_is(web):
    body = b'{"challenge": "abc"}'
    headers = {"x-signature": hmac.new(SECRET.encode(), body, sha256).hexdigest()}
    answer = await web.send("POST", "/webhooks/acme", headers, body)
    assert (answer.status, answer.body) == (200, b"abc")


def test_flask_users_may_be_read_from_the_session():
    app = flask.Flask(__name__)
    app.secret_key = "for-this-test-alone"
    plug = SyncPlugFn(plug_with(lambda request: flask.session.get("user")))
    app.register_blueprint(plugfn_blueprint(plug))
    client = app.test_client()
    assert client.get("/connections").status_code == 401
    with client.session_transaction() as session:
        session["user"] = "ana"
    assert client.get("/connections").status_code == 200
    plug.close()


def test_fastapi_documents_the_routes():
    app = FastAPI()
    app.include_router(plugfn_router(plug_with()), prefix="/integrations")
    paths = app.openapi()["paths"]
    assert "post" in paths["/integrations/connections/{provider}/authorize"]
    assert {path.removeprefix("/integrations") for path in paths} >= {"/providers", "/connections", "/logs"}
