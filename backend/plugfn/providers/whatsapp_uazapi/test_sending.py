"""Sending to the emulator: to which recipient, with which content, only once, and what happens without an answer."""

import asyncio
import base64
import json
import logging

import pytest

from plugfn.errors import (
    Forbidden,
    GiveUp,
    InvalidCall,
    InvalidParams,
    MissingScope,
    NeedsReconnect,
    NotFound,
    OutcomeUnknown,
    RateLimited,
)
from plugfn.providers.whatsapp_uazapi import actions, provider, sending
from plugfn.providers.whatsapp_uazapi.vocabulary import MessageState
from plugfn.testing.bench import Bench

from .conftest import TOKEN

ANA = "+5511988887777"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Sending times out after a second, and lookups begin at once."""
    monkeypatch.setattr(actions, "TEXT_SECONDS", 1.0)
    monkeypatch.setattr(sending, "LOOKUP_DELAYS", (0.0, 0.05))


async def text(gateway, content="oi", timeout=None, **more):
    params = {"to": ANA, "text": content} | more
    set_params = {name: value for name, value in params.items() if value is not None}
    return await gateway.bench.call("messages.send_text", set_params, timeout=timeout)


def bodies(gateway, path="/send/text"):
    return [json.loads(request["body"]) for request in gateway.emulator.requests(path)]


async def test_a_text_is_sent_with_the_calls_id_and_the_token_in_its_header(gateway):
    sent = await text(gateway, reply_to="3EB0AA")
    (request,) = gateway.emulator.requests("/send/text")
    assert request["headers"]["token"] == TOKEN
    body = json.loads(request["body"])
    assert body["number"] == "5511988887777"
    assert (body["track_source"], body["replyid"], body["linkPreview"]) == ("plugfn", "3EB0AA", False)
    (row,) = await gateway.bench.logs()
    assert body["track_id"] == sent.tracking == row.call_id
    assert sent.state is MessageState.SENT
    assert sent.sent_at.tzinfo is not None


async def test_a_persons_stored_data_does_not_leak_into_a_message(gateway):
    await text(gateway, "{{lead_personalid}} {{ first_name }} {{{name}}}")
    (arrived,) = gateway.arrived()
    assert "123.456" not in arrived
    assert "Ana" not in arrived
    assert "{{" not in bodies(gateway)[0]["text"]


async def test_the_emulator_would_fill_in_the_placeholder(gateway):
    """Without this, the test above could not fail."""
    body = {"number": ANA[1:], "text": "{{lead_personalid}}"}
    await gateway.bench.plug.run(_raw(), user_id="ana", params={"body": body})
    assert gateway.arrived() == ["123.456.789-09"]


def _raw():
    """An action whose author does not know about placeholders."""
    from plugfn.definition import Action, Model, Result

    class Raw(Model):
        body: dict

    async def run(call, params):
        await call.http.post("/send/text", json=params.body)
        return Result()

    return Action("whatsapp_uazapi", "raw", Raw, Result, run, "Posts as it is.")


async def test_groups_and_people_with_hidden_numbers_are_written_to_by_id(gateway):
    await text(gateway, to=None, group="120363400000000001@g.us")
    await text(gateway, to=None, user="100000000000001@lid")
    assert [body["number"] for body in bodies(gateway)] == ["120363400000000001@g.us", "100000000000001@lid"]


@pytest.mark.parametrize(
    "wrong", [{"group": "5511988887777@s.whatsapp.net"}, {"group": "1203@lid"}, {"user": "1203@g.us"}, {"user": "ana"}]
)
async def test_an_id_of_another_kind_is_refused(gateway, wrong):
    with pytest.raises(InvalidParams):
        await text(gateway, to=None, **wrong)
    assert bodies(gateway) == []


async def test_an_old_brazilian_account_is_written_to_after_a_number_check(gateway):
    await text(gateway)
    assert gateway.emulator.requests("/chat/check") == []
    await text(gateway, to="(31) 98888-6666")
    assert [body["number"] for body in bodies(gateway)] == ["5511988887777", "5531988886666", "553188886666"]
    assert len(gateway.sent()) == 2


async def test_a_number_check_that_names_another_account_is_ignored(gateway):
    other = [{"query": "553188886666", "jid": "5511988887777@s.whatsapp.net", "isInWhatsapp": True}]
    gateway.emulator.fault("POST /chat/check", kind="answer", status=200, body=other)
    with pytest.raises(NotFound):
        await text(gateway, to="(31) 98888-6666")
    assert gateway.sent() == []


async def test_a_number_without_an_account_is_not_found_and_not_shown(gateway):
    for number in ("+5511900000000", "+16502530000"):
        with pytest.raises(NotFound) as caught:
            await text(gateway, to=number)
        assert caught.value.code == "not_on_whatsapp"
        assert number[3:] not in str(caught.value)


async def test_after_a_lost_answer_the_message_is_looked_up_and_not_sent_again(gateway):
    gateway.fall_silent()
    sent = await text(gateway)
    assert sent.found
    assert len(bodies(gateway)) == 1
    assert sent.id == gateway.sent()[0]["messageid"]


async def test_after_a_timeout_the_message_is_looked_up(gateway):
    gateway.emulator.fault("POST /send/text", kind="hang", after=True, seconds=3)
    assert (await text(gateway)).found
    assert len(gateway.sent()) == 1


async def test_a_message_that_the_lookup_does_not_find_stays_unknown_and_is_not_sent_again(gateway):
    gateway.emulator.fault("POST /send/text", kind="reset")
    with pytest.raises(OutcomeUnknown):
        await text(gateway)
    assert len(bodies(gateway)) == 1
    assert gateway.sent() == []


async def test_a_failed_lookup_leaves_the_outcome_unknown(gateway):
    gateway.fall_silent()
    gateway.emulator.fault("POST /message/find", kind="answer", status=500, count=None)
    with pytest.raises(OutcomeUnknown):
        await text(gateway)
    assert len(gateway.sent()) == 1


async def test_after_a_500_the_message_is_looked_up(gateway):
    gateway.emulator.fault("POST /send/text", kind="answer", status=500, body={"error": "Failed to send message"})
    with pytest.raises(OutcomeUnknown):
        await text(gateway)
    assert len(gateway.emulator.requests("/message/find")) == 2


async def test_a_message_with_the_callers_tracking_id_is_sent_only_once(gateway):
    first = await text(gateway, tracking="delivery-0001")
    second = await text(gateway, tracking="delivery-0001")
    assert (first.found, second.found, second.id) == (False, True, first.id)
    assert len(gateway.sent()) == 1
    await text(gateway, tracking="delivery-0002")
    assert len(gateway.sent()) == 2


async def test_a_failed_message_is_sent_again_with_its_tracking_id(gateway):
    sent = await text(gateway, tracking="delivery-0001")
    gateway.emulator.control("POST", "/receipts", {"ids": [sent.id], "state": "Failed"})
    assert not (await text(gateway, tracking="delivery-0001")).found
    assert len(gateway.sent()) == 2


async def test_a_failed_lookup_before_sending_is_retried(gateway, monkeypatch):
    monkeypatch.setattr(asyncio, "sleep", _no_wait(asyncio.sleep))
    gateway.emulator.fault("POST /message/find", kind="answer", status=500)
    sent = await text(gateway, tracking="delivery-0001")
    assert len(gateway.sent()) == 1
    assert not sent.found


async def test_messages_are_found_by_their_tracking_id(gateway):
    await text(gateway, tracking="delivery-0001")
    result = await gateway.bench.call("messages.find", {"tracking": "delivery-0001"})
    assert [message.found for message in result.messages] == [True]
    assert (await gateway.bench.call("messages.find", {"tracking": "delivery-0009"})).messages == []


async def test_other_messages_are_ignored_if_the_gateway_ignores_the_filter(gateway):
    other = {"messages": [{"messageid": "3EB0", "track_id": "somebody-elses", "status": "Sent"}]}
    gateway.emulator.fault("POST /message/find", kind="answer", status=200, body=other, count=None)
    assert (await gateway.bench.call("messages.find", {"tracking": "delivery-0001"})).messages == []


async def test_a_busy_gateway_is_retried_and_the_message_sent_once(gateway, monkeypatch):
    monkeypatch.setattr(asyncio, "sleep", _no_wait(asyncio.sleep))
    gateway.emulator.fault("POST /send/text", kind="answer", status=503, body={"error": True, "message": "busy"})
    await text(gateway)
    assert [row.outcome for row in await gateway.bench.logs()] == ["retry", "ok"]
    assert len(gateway.sent()) == 1


def _no_wait(sleep):
    async def quick(_seconds):
        await sleep(0)

    return quick


@pytest.mark.parametrize("number", [ANA, "(31) 98888-6666"])
async def test_too_many_messages_are_rate_limited_also_after_a_number_check(gateway, number):
    gateway.emulator.control("POST", "/limits", {"sends_allowed": 0})
    with pytest.raises(RateLimited):
        await text(gateway, to=number, timeout=0.5)
    assert gateway.sent() == []


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"error": "Invalid token"}, NeedsReconnect),
        (400, {"error": "Missing number or text"}, InvalidCall),
        (200, {"messageid": "3EB0", "error": "context deadline exceeded"}, GiveUp),
        (200, {"status": "Sent"}, OutcomeUnknown),
        (200, [], OutcomeUnknown),
        (200, "<html>", OutcomeUnknown),
        (500, {"error": "a required acknowledgement is missing"}, OutcomeUnknown),
    ],
)
async def test_each_refused_or_unreadable_answer_has_its_error(gateway, status, body, error):
    gateway.emulator.fault("POST /send/text", kind="answer", status=status, body=body)
    with pytest.raises(error):
        await text(gateway)


async def test_an_unlinked_phone_needs_the_user_and_leaves_the_connection_active(gateway):
    gateway.unlink()
    with pytest.raises(MissingScope) as caught:
        await text(gateway)
    assert (caught.value.code, str(caught.value.next)) == ("not_linked", "reconnect")
    linked = {"token": TOKEN, "connected": True, "logged_in": True}
    gateway.emulator.control("POST", "/instances", linked)
    assert (await text(gateway)).id


async def test_a_refused_token_ends_the_connection_until_the_user_reconnects(gateway):
    credentials = {"base_url": gateway.emulator.url, "token": "not-the-right-token"}
    async with Bench(provider, credentials=credentials) as bench:
        for _ in range(2):
            with pytest.raises(NeedsReconnect):
                await bench.call("connection.status")
        (connection,) = await bench.plug.connections.list("ana")
        assert str(connection.status) == "needs_reauth"


async def test_media_are_sent_with_kind_name_and_caption(gateway):
    data = base64.b64encode(b"OggS").decode()
    await gateway.bench.call(
        "messages.send_media", {"to": ANA, "kind": "voice", "data": data, "mime_type": "audio/ogg"}
    )
    document = {"kind": "document", "data": data, "filename": "{{name}}.pdf", "caption": "{{name}}"}
    await gateway.bench.call("messages.send_media", {"to": ANA} | document)
    spoken, paper = bodies(gateway, "/send/media")
    assert (spoken["type"], spoken["mimetype"], spoken["file"]) == ("ptt", "audio/ogg", data)
    assert paper["type"] == "document"
    assert "{{" not in paper["docName"] + paper["text"]


async def test_the_gateway_fetches_media_by_url_but_private_addresses_are_refused(gateway):
    await gateway.bench.call("messages.send_media", {"to": ANA, "kind": "image", "url": "https://127.0.0.1/a.png"})
    assert bodies(gateway, "/send/media")[0]["file"] == "https://127.0.0.1/a.png"
    for url in (
        "https://10.0.0.8/a.png",
        "https://169.254.169.254/latest",
        "https://[fd00::1]/x",
        "https://1.1.1.1:25/",
    ):
        with pytest.raises(Forbidden):
            await gateway.bench.call("messages.send_media", {"to": ANA, "kind": "image", "url": url})
    assert len(bodies(gateway, "/send/media")) == 1


async def test_a_url_that_resolves_to_a_private_address_is_not_passed_on(gateway, monkeypatch):
    resolve = gateway.bench.plug.guard.resolve

    async def resolved(host, port):
        return await resolve("10.0.0.8" if host == "inside.example" else host, port)

    monkeypatch.setattr(gateway.bench.plug.guard, "resolve", resolved)
    with pytest.raises(Forbidden):
        await gateway.bench.call("messages.send_media", {"to": ANA, "kind": "image", "url": "https://inside.example/a"})
    assert bodies(gateway, "/send/media") == []


async def test_a_refused_file_is_the_callers_error(gateway):
    gateway.emulator.control("POST", "/limits", {"media_limit": 2})
    data = base64.b64encode(b"big").decode()
    with pytest.raises(InvalidCall) as caught:
        await gateway.bench.call("messages.send_media", {"to": ANA, "kind": "image", "data": data})
    assert caught.value.code == "http_413"


async def test_nothing_personal_or_secret_is_logged_or_stored(gateway, caplog):
    with caplog.at_level(logging.DEBUG):
        await text(gateway, "um segredo")
        with pytest.raises(NotFound) as caught:
            await text(gateway, "um segredo", to="+5511900000000")
    rows = repr(await gateway.bench.logs())
    shown = caplog.text + repr([vars(record) for record in caplog.records]) + rows + repr(caught.value.as_dict())
    for secret in ("um segredo", "988887777", "900000000", TOKEN):
        assert secret not in shown


async def test_after_an_unreadable_answer_the_message_is_looked_up(gateway):
    gateway.emulator.fault("POST /send/text", kind="answer", status=200, body="<html>", after=True)
    sent = await text(gateway)
    assert sent.found
    assert gateway.arrived() == ["oi"]


@pytest.mark.parametrize("braces", ["{{lead_email}}", "%7B%7Blead_email%7D%7D", "{{{lead_email}}}"])
async def test_no_placeholder_reaches_the_gateway_in_a_files_url(gateway, braces):
    url = f"https://93.184.216.34/a/{braces}?q=1"
    await gateway.bench.call("messages.send_media", {"to": ANA, "kind": "image", "url": url})
    (body,) = bodies(gateway, "/send/media")
    assert "{{" not in body["file"]
    assert body["file"].startswith("https://93.184.216.34/a/%7B%7B")
    assert body["file"].endswith("%7D%7D?q=1")
