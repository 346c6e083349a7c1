"""Events from the emulator to our URL are verified, retried while we are down, and handled once."""

import asyncio

import pytest

from plugfn.providers.slack import provider
from plugfn.testing.bench import Bench

SIGNING_SECRET = "5e1f0a9c3b7d4e6f8a2b1c0d9e8f7a6b"


@pytest.fixture
def slack(emulator):
    return emulator("slack")


@pytest.fixture
async def bench(slack, doorstep):
    token = slack.control("POST", "/tokens", {})["access_token"]
    settings = {"client_id": "x", "client_secret": "y", "api_url": f"{slack.url}/api"}
    settings["webhook_secrets"] = [SIGNING_SECRET]
    async with Bench(provider, settings=settings, credentials={"access_token": token}) as slack_bench:
        doorstep.bench = slack_bench
        assert await ask(slack, "/events_url", {"url": doorstep.url}) == {"verified": True}
        yield slack_bench


async def ask(slack, path, document=None):
    """Runs in a thread, because our own server must answer in this event loop."""
    return await asyncio.to_thread(slack.control, "POST", path, document)


async def test_a_mention_causes_two_events_and_our_own_answer_causes_none(bench, slack):
    await ask(slack, "/messages", {"channel": "geral", "user": "UANA", "text": "oi <@UBOT>"})
    await bench.call("chat.postMessage", {"channel": "geral", "text": "oi Ana"})
    await ask(slack, "/settle")
    assert sorted(event.name for event in bench.events) == ["app_mention", "message"]
    for event in bench.events:
        bench.plug.providers.trigger("slack", event.name).payload.model_validate(event.payload)


async def test_events_sent_while_we_were_down_are_retried_and_handled_once(bench, slack, doorstep):
    doorstep.closed = True
    await ask(slack, "/switches", {"retry_scale": 0.005})
    await ask(slack, "/messages", {"channel": "geral", "user": "UANA", "text": "alguém aí?"})
    await asyncio.sleep(0.1)
    doorstep.closed = False
    await ask(slack, "/settle")
    assert [event.payload["event"]["text"] for event in bench.events] == ["alguém aí?"]
    deliveries = slack.control("GET", "/world")["deliveries"]
    assert [(delivery["status"], delivery["reason"]) for delivery in deliveries][-1] == (200, "")
    assert deliveries[0]["reason"] == "http_error"


async def test_a_failed_handler_gets_the_event_again(bench, slack):
    failures = []

    def fail_once(event):
        if not failures:
            failures.append(event.id)
            raise RuntimeError("not today")

    bench.plug.webhooks.on("slack", "message", fail_once)
    await ask(slack, "/messages", {"channel": "geral", "user": "UANA", "text": "bom dia"})
    await ask(slack, "/settle")
    assert len(failures) == 1
    assert len(bench.events) == 1, "the handler that succeeded is not called again"


async def test_a_pressed_button_causes_an_event(bench, slack):
    payload = {"type": "block_actions", "user": {"id": "UANA"}, "team": {"id": "T0SANDBOX1"}, "actions": []}
    await ask(slack, "/interact", {"payload": payload})
    await ask(slack, "/settle")
    assert [event.name for event in bench.events] == ["block_actions"]


async def test_a_url_with_another_secret_is_not_verified(slack, doorstep):
    settings = {"client_id": "x", "client_secret": "y", "webhook_secrets": ["another"]}
    async with Bench(provider, settings=settings, credentials={"access_token": "xoxb-x"}) as other:
        doorstep.bench = other
        assert await ask(slack, "/events_url", {"url": doorstep.url}) == {"verified": False}
