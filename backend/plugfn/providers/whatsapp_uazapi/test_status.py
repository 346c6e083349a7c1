"""The status, the number check and the webhook settings, against the emulator."""

import json

import pytest

from plugfn.errors import InvalidParams, MissingScope, Unexpected
from plugfn.providers.whatsapp_uazapi.wire import WireStatus, as_bool, as_time

from .conftest import TOKEN


async def test_the_status_object_says_whether_the_account_is_ready(gateway):
    result = await gateway.bench.call("connection.status")
    assert (result.ready, result.state, result.phone, result.name) == (True, "connected", "+5511900000001", "Loja")


@pytest.mark.parametrize(
    ("link", "instance", "ready", "state"),
    [
        ({"connected": True, "loggedIn": True}, "connected", True, "connected"),
        ({"connected": "true", "loggedIn": "True"}, "connected", True, "connected"),
        ({"connected": True, "loggedIn": False}, "connected", False, "connecting"),
        ({"connected": "False", "loggedIn": "False"}, "connected", False, "disconnected"),
        ({"connected": False, "loggedIn": False}, "connecting", False, "connecting"),
        ({"connected": False, "loggedIn": True}, "disconnected", False, "disconnected"),
        ({}, "connected", False, "disconnected"),
    ],
)
async def test_ready_depends_on_connected_and_logged_in_only(gateway, link, instance, ready, state):
    answer = {"status": link, "instance": {"status": instance}}
    gateway.emulator.fault("GET /instance/status", kind="answer", status=200, body=answer)
    result = await gateway.bench.call("connection.status")
    assert (result.ready, result.state) == (ready, state)


@pytest.mark.parametrize("status", ["connected", True, None, ["connected"]])
async def test_a_status_that_is_not_an_object_never_means_ready(gateway, status):
    answer = {"status": status, "instance": {"status": "connected"}}
    gateway.emulator.fault("GET /instance/status", kind="answer", status=200, body=answer)
    with pytest.raises(Unexpected):
        await gateway.bench.call("connection.status")


async def test_the_secrets_in_the_answer_are_dropped(gateway):
    result = await gateway.bench.call("connection.status")
    assert TOKEN not in result.model_dump_json() + repr(result)
    assert "sk-sandbox" not in result.model_dump_json()
    wire = WireStatus.model_validate({"status": {}, "instance": {"token": TOKEN, "openai_apikey": "sk-x", "name": "n"}})
    assert TOKEN not in repr(wire) + str(wire) + wire.model_dump_json()


async def test_the_connection_test_names_the_account_or_says_what_is_missing(gateway):
    assert await gateway.bench.test() == "Loja"
    gateway.unlink()
    with pytest.raises(MissingScope):
        await gateway.bench.test()


async def test_all_numbers_are_checked_in_one_request_each_spelling_once(gateway):
    asked = ["(31) 98888-6666", "31 8888-6666", "11 98888-7777", "nonsense"]
    result = await gateway.bench.call("numbers.check", {"numbers": asked})
    assert [(one.on_whatsapp, one.account) for one in result.numbers] == [
        (True, "+553188886666"),
        (True, "+553188886666"),
        (True, "+5511988887777"),
        (False, None),
    ]
    assert result.numbers[2].user == "100000000000001@lid"
    (request,) = gateway.emulator.requests("/chat/check")
    assert json.loads(request["body"])["numbers"] == ["5531988886666", "553188886666", "5511988887777", "551188887777"]


async def test_if_no_number_is_valid_nothing_is_sent(gateway):
    result = await gateway.bench.call("numbers.check", {"numbers": ["x", ""]})
    assert not any(one.on_whatsapp for one in result.numbers)
    assert gateway.emulator.requests("/chat/check") == []


@pytest.mark.parametrize("answer", [{}, {"error": ""}, "text", [1], [{"query": {}, "jid": [], "isInWhatsapp": "no"}]])
async def test_an_unreadable_number_check_reports_no_account(gateway, answer):
    gateway.emulator.fault("POST /chat/check", kind="answer", status=200, body=answer)
    try:
        result = await gateway.bench.call("numbers.check", {"numbers": ["11 98888-7777"]})
    except Unexpected:
        return
    assert [one.on_whatsapp for one in result.numbers] == [False]


async def test_the_webhook_is_set_for_the_declared_events_and_without_echoes(gateway):
    await gateway.bench.call("webhooks.set", {"url": "https://app.example/webhooks/whatsapp_uazapi/c1/secret"})
    asked = json.loads(gateway.emulator.requests("/webhook")[-1]["body"])
    assert asked["events"] == ["messages", "messages_update", "connection"]
    assert asked["excludeMessages"] == ["wasSentByApi"]
    for wrong in ("http://app.example/x", "ftp://x", "https://u:p@x/y", ""):
        with pytest.raises(InvalidParams):
            await gateway.bench.call("webhooks.set", {"url": wrong})


async def test_a_delivery_is_read_with_either_spelling_of_booleans_and_times(gateway):
    for more in ({}, {"as_strings": True}):
        (event,) = await gateway.incoming("bom dia", **more)
        assert (event.payload["phone"], event.payload["from_owner"]) == ("+5511988887777", False)
    for more in ({}, {"as_strings": True}, {"flat": True}):
        (event,) = await gateway.events_after("/receipts", {"ids": ["3EB0AA"], "state": "Read"} | more)
        assert event.payload["state"] == "read"
    (event,) = await gateway.events_after("/instances", {"token": TOKEN, "connected": False, "logged_in": False})
    assert event.payload["ready"] is False


def test_times_are_read_in_seconds_and_milliseconds_and_anything_else_is_none():
    assert as_time(1_790_000_000) == as_time("1790000000") == as_time(1_790_000_000_000) == as_time("1790000000000")
    for nonsense in (None, "", "x", 0, -1, True, "nan", "inf", 1e400, [], {}, "9" * 400):
        assert as_time(nonsense) is None


def test_the_text_false_is_false():
    assert [as_bool(one) for one in (True, "true", "True", 1, "1")] == [True] * 5
    assert [as_bool(one) for one in (False, "False", "false", 0, "0", None, "", "no", {}, [])] == [False] * 10
