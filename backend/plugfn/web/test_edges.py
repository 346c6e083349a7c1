"""Requests from strangers, browsers and odd clients: each adapter gives the same answer, and nothing breaks."""

import json
from datetime import datetime

import pytest
from fastapi import FastAPI, HTTPException
from httpx2 import ASGITransport, AsyncClient

from plugfn.calls.test_executor import Answered
from plugfn.web.core import Web
from plugfn.web.fastapi import plugfn_router
from plugfn.web.messages import Request
from plugfn.web.test_adapters import Core, as_user, connect, plug_with, web  # noqa: F401 - web is a fixture


@pytest.mark.parametrize(
    "body",
    [
        '{"params": {"number": NaN}}',
        '{"params": {"anything": Infinity}}',
        '{"\\ud800": 1}',
        '{"params": {"\\ud800": 1}}',
        '{"params": {"note": "\\ud800"}}',
        '{"params": {"number": %s}}' % ("9" * 5000),
        '{"params": {"%s": 1}}' % ("x" * 100_000),
    ],
    ids=range(7),
)
async def test_odd_json_is_refused_with_a_json_answer(web, body):  # noqa: F811
    await connect(web)
    answer = await web.send("POST", "/actions/acme/numbers.ask", as_user("ana"), body.encode())
    assert (answer.status, answer.json["error"]["code"]) == (422, "invalid_params")
    assert len(answer.body) < 3000


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "POST"])
async def test_an_unsupported_method_gets_the_same_answer_everywhere(web, method):  # noqa: F811
    answer = await web.send(method, "/providers")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET"
    assert method == "HEAD" or answer.json["error"]["code"] == "method_not_allowed"


async def test_the_allow_header_lists_every_method(web):  # noqa: F811
    assert (await web.send("PUT", "/connections", as_user("ana"))).headers["allow"] == "GET, POST"


async def test_moments_are_written_as_iso_8601(web):  # noqa: F811
    await connect(web)
    await web.send("POST", "/actions/acme/numbers.ask", as_user("ana"), b"{}")
    (row,) = (await web.send("GET", "/logs", as_user("ana"))).json["logs"]
    assert "T" in row["started_at"]
    assert datetime.fromisoformat(row["started_at"]).tzinfo is not None


@pytest.mark.parametrize("path", ["/connections/%00/test", "/connections/a%2Fb/test", "/connections/%ED%A0%80%0A/test"])
async def test_odd_names_in_a_path_get_404(web, path):  # noqa: F811
    if isinstance(web, Core):
        pytest.skip("the frameworks decode paths")
    assert (await web.send("POST", path, as_user("ana"))).status == 404


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", b"\xff", json.loads("[" * 300 + "]" * 300)])
async def test_a_result_with_any_content_gives_a_json_answer(value):
    plug = plug_with()

    async def odd(_call, _params):
        return Answered(number=1, anything=value)

    object.__setattr__(plug.providers.get("acme").actions["numbers.ask"], "run", odd)
    await plug.connections.create("ana", "acme", {})
    request = Request("POST", "/actions/acme/numbers.ask", {}, as_user("ana"), b"{}")
    object.__setattr__(request, "native", request)
    answer = await Web(plug).handle(request)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    read = json.loads(answer.body.decode(), parse_constant=refuse)
    assert answer.status == 200 or read["error"]["code"] == "not_json"


@pytest.mark.parametrize("missing", [None, ""])
async def test_a_request_without_a_user_gets_401(missing):
    answer = await Web(plug_with(lambda _: missing)).handle(Request("GET", "/connections"))
    assert answer.status == 401


async def test_an_auth_that_does_not_return_text_is_a_configuration_error():
    answer = await Web(plug_with(lambda _: 7)).handle(Request("GET", "/connections"))
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (500, "configuration")


async def test_errors_of_auth_are_left_to_the_framework():
    def auth(_request):
        raise HTTPException(403, "not you")

    app = FastAPI()
    app.include_router(plugfn_router(plug_with(auth)))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        answer = await client.get("/connections")
    assert (answer.status_code, answer.json()) == (403, {"detail": "not you"})


async def test_all_adapters_read_repeated_queries_and_headers_alike(web):  # noqa: F811
    if isinstance(web, Core):
        pytest.skip("the core is given what adapters read")
    answer = await web.send("GET", "/connections?provider=nobody&provider=acme", as_user("ana"))
    assert answer.json == {"connections": []}
    await connect(web)
    answer = await web.send("GET", "/connections?provider=nobody&provider=acme", as_user("ana"))
    assert [one["provider"] for one in answer.json["connections"]] == ["acme"]
    twice = [("x-user", "ana"), ("content-type", "text/plain"), ("content-type", "application/json")]
    answer = await web.send("POST", "/actions/acme/numbers.ask", twice, b"{}")
    assert answer.status == 422


@pytest.mark.parametrize(
    ("sent", "status"),
    [("application/json; charset=utf-8", 200), ("text/plain", 422), ("application/x-www-form-urlencoded", 422)],
)
async def test_only_json_requests_can_act_with_a_users_cookie(web, sent, status):  # noqa: F811
    await connect(web)
    headers = {"x-user": "ana", "content-type": sent}
    assert (await web.send("POST", "/actions/acme/numbers.ask", headers, b"{}")).status == status
