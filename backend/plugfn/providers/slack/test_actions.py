"""Slack's actions, run through the whole library against the emulator."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugfn.errors import (
    InvalidCall,
    InvalidParams,
    MissingScope,
    NeedsReconnect,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unexpected,
)
from plugfn.providers.slack import escape, provider
from plugfn.testing.bench import Bench


@pytest.fixture
def slack(emulator):
    return emulator("slack")


def bench_of(slack, **token):
    credentials = {"access_token": slack.control("POST", "/tokens", token)["access_token"]}
    settings = {"client_id": "x", "client_secret": "y", "api_url": f"{slack.url}/api"}
    return Bench(provider, settings=settings, credentials=credentials)


@pytest.fixture
async def bench(slack):
    async with bench_of(slack) as slack_bench:
        yield slack_bench


def said_in(slack, channel):
    return [message["text"] for message in slack.control("GET", "/world")["channels"][channel]["messages"]]


async def test_a_message_is_posted_and_answered_in_its_thread(bench, slack):
    first = await bench.call("chat.postMessage", {"channel": "geral", "text": "bom dia"})
    params = {"channel": first.channel, "text": "e boa tarde", "thread_ts": first.ts}
    second = await bench.call("chat.postMessage", params)
    assert second.message.thread_ts == first.ts
    assert said_in(slack, "geral") == ["bom dia", "e boa tarde"]


async def test_the_action_can_be_called_by_slacks_own_name(bench, slack):
    posted = await bench.plug.slack.chat.postMessage(user_id="ana", params={"channel": "#geral", "text": "oi"})
    assert posted.message.text == "oi"
    request = slack.requests("/api/chat.postMessage")[0]
    assert request["headers"]["content-type"] == "application/json; charset=utf-8"


async def test_plain_text_cannot_mention_everybody(bench, slack):
    await bench.call("chat.postMessage", {"channel": "geral", "text": "<!channel> a < b && c", "plain": True})
    assert said_in(slack, "geral") == ["&lt;!channel&gt; a &lt; b &amp;&amp; c"]


async def test_intended_markup_is_sent_unchanged(bench, slack):
    await bench.call("chat.postMessage", {"channel": "geral", "text": "<https://padaria.example|cardápio>"})
    assert said_in(slack, "geral") == ["<https://padaria.example|cardápio>"]


async def test_blocks_are_sent_unchanged(bench, slack):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*pão*"}}]
    await bench.call("chat.postMessage", {"channel": "geral", "text": "pão", "blocks": blocks})
    assert json.loads(slack.requests("/api/chat.postMessage")[0]["body"])["blocks"] == blocks


async def test_a_channel_is_created_once(bench):
    channel = await bench.call("conversations.create", {"name": "#vendas-são_paulo"})
    assert (channel.name, channel.is_private, channel.is_member) == ("vendas-são_paulo", False, True)
    with pytest.raises(InvalidCall) as caught:
        await bench.call("conversations.create", {"name": "vendas-são_paulo"})
    assert caught.value.code == "name_taken"


async def test_a_profile_has_an_address_only_with_its_scope(bench, slack):
    assert (await bench.call("users.info", {"user": "UANA"})).profile.email is None
    async with bench_of(slack, scopes=["users:read", "users:read.email"]) as trusted:
        user = await trusted.call("users.info", {"user": "UANA"})
    assert (user.name, user.profile.email) == ("ana", "ana@padaria.example")


@pytest.mark.parametrize(
    ("channel", "error", "code"),
    [
        ("C999999999", NotFound, "channel_not_found"),
        ("diretoria", InvalidCall, "not_in_channel"),
        ("antigo", InvalidCall, "is_archived"),
    ],
)
async def test_a_refused_post_says_why(bench, channel, error, code):
    with pytest.raises(error) as caught:
        await bench.call("chat.postMessage", {"channel": channel, "text": "oi"})
    assert (type(caught.value), caught.value.code) == (error, code)


async def test_an_unknown_user_is_not_found(bench):
    with pytest.raises(NotFound):
        await bench.call("users.info", {"user": "UNINGUEM"})


async def test_a_missing_scope_is_named_and_the_connection_stays_active(slack):
    async with bench_of(slack, scopes=["chat:write"]) as bench:
        with pytest.raises(MissingScope, match="needs channels:manage"):
            await bench.call("conversations.create", {"name": "nova"})
        await bench.call("chat.postMessage", {"channel": "geral", "text": "ainda aqui"})


async def test_an_expired_token_without_a_refresh_token_needs_the_user(slack):
    async with bench_of(slack, rotating=True, expires_in=-1) as bench:
        with pytest.raises(NeedsReconnect) as caught:
            await bench.call("users.info", {"user": "UANA"})
    assert caught.value.code == "token_expired"


async def test_a_429_says_how_long_to_wait(bench, slack):
    slack.fault(
        "POST *", kind="answer", status=429, body={"ok": False, "error": "ratelimited"}, headers={"Retry-After": "40"}
    )
    with pytest.raises(RateLimited) as caught:
        await bench.call("chat.postMessage", {"channel": "geral", "text": "oi"})
    assert caught.value.retry_after == 40


async def test_a_call_is_repeated_after_a_short_429(bench, slack):
    slack.control("POST", "/switches", {"channel_seconds": 1.0})
    for text in ("um", "dois"):
        await bench.call("chat.postMessage", {"channel": "geral", "text": text})
    assert said_in(slack, "geral") == ["um", "dois"]


async def test_each_channel_has_a_budget_of_its_own(bench, slack):
    for number in range(10):
        await bench.call("chat.postMessage", {"channel": "geral", "text": str(number)})
    with pytest.raises(RateLimited) as caught:
        await bench.call("chat.postMessage", {"channel": "geral", "text": "demais"}, timeout=0.5)
    assert caught.value.code == "budget"
    other = await bench.call("conversations.create", {"name": "outra"})
    await bench.call("chat.postMessage", {"channel": other.id, "text": "aqui cabe"}, timeout=0.5)
    assert len(said_in(slack, "geral")) == 10


@pytest.mark.parametrize("code", ["internal_error", "fatal_error"])
async def test_after_an_unknown_outcome_a_message_is_not_posted_again(bench, slack, code):
    slack.fault("POST *", kind="answer", status=200, body={"ok": False, "error": code}, after=True)
    with pytest.raises(OutcomeUnknown):
        await bench.call("chat.postMessage", {"channel": "geral", "text": "uma vez"})
    assert said_in(slack, "geral") == ["uma vez"]


@pytest.mark.parametrize(
    "params",
    [
        {"channel": "geral"},
        {"channel": "geral", "text": "   "},
        {"channel": "", "text": "oi"},
        {"channel": "geral, outra", "text": "oi"},
        {"channel": "geral", "text": "x" * 40_001},
        {"channel": "geral", "text": "&" * 10_000, "plain": True},
        {"channel": "geral", "text": "oi", "thread_ts": "ontem"},
        {"channel": "geral", "text": "oi", "blocks": [{"type": "divider"}] * 51},
        {"channel": "geral", "text": "oi", "blocks": [{"type": object()}]},
        {"channel": "geral", "text": "oi", "blocks": [{"type": float("nan")}]},
        {"channel": "geral", "text": "oi", "as_user": True},
    ],
)
async def test_a_message_that_slack_would_refuse_or_cut_is_not_sent(bench, slack, params):
    with pytest.raises(InvalidParams):
        await bench.call("chat.postMessage", params)
    assert slack.requests() == []


async def test_a_text_of_maximum_length_arrives_whole(bench, slack):
    await bench.call("chat.postMessage", {"channel": "geral", "text": "x" * 40_000})
    assert len(said_in(slack, "geral")[0]) == 40_000


@pytest.mark.parametrize("name", ["", "Vendas", "com espaço", "a.b", "x" * 81, "a/b", "#"])
async def test_an_invalid_channel_name_is_not_sent(bench, slack, name):
    with pytest.raises(InvalidParams):
        await bench.call("conversations.create", {"name": name})
    assert slack.requests() == []


@pytest.mark.parametrize("user", ["", "uana", "U&token=x", "ana@padaria.example"])
async def test_an_invalid_user_id_is_not_sent(bench, slack, user):
    with pytest.raises(InvalidParams):
        await bench.call("users.info", {"user": user})
    assert slack.requests() == []


@settings(deadline=None)
@given(st.text())
def test_escaped_text_has_no_markup_and_reads_the_same(text):
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@pytest.mark.parametrize("body", ["<html>", [], {"ok": True}, {"ok": True, "channel": None, "ts": 1}])
async def test_after_an_unreadable_answer_a_message_is_not_posted_again(bench, slack, body):
    slack.fault("POST *", kind="answer", status=200, body=body, after=True)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await bench.call("chat.postMessage", {"channel": "geral", "text": "x"}, idempotency_key="once")
    assert said_in(slack, "geral") == ["x"]


async def test_an_error_code_that_is_not_in_the_table_is_a_refusal(bench, slack):
    slack.fault("POST *", kind="answer", status=200, body={"ok": False, "error": "brand_new"})
    with pytest.raises(Unexpected):
        await bench.call("chat.postMessage", {"channel": "geral", "text": "x"})
