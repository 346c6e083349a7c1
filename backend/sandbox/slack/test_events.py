"""Events: the URL is verified first, every request is signed, and three retries have their reason."""

import hashlib
import hmac
import json
from urllib.parse import parse_qs

import pytest

from .world import SIGNING_SECRET


@pytest.fixture
def verified(slack, app):
    """An app with a verified URL, and the events after that."""
    assert slack.control("events_url", {"url": app.url}) == {"verified": True}
    app.got.clear()
    return app


def say(slack, text, user="UANA"):
    slack.control("messages", {"channel": "geral", "user": user, "text": text})
    slack.control("settle")


def types(app):
    return sorted(json.loads(one["raw"])["event"]["type"] for one in app.got)


def test_every_request_is_signed(slack, verified):
    say(slack, "oi")
    headers, raw = verified.got[0]["headers"], verified.got[0]["raw"]
    signed = b"v0:" + headers["X-Slack-Request-Timestamp"].encode() + b":" + raw
    digest = hmac.new(SIGNING_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Slack-Signature"] == f"v0={digest}"
    document = json.loads(raw)
    assert (document["type"], document["event"]["text"]) == ("event_callback", "oi")


def test_a_mention_is_sent_as_message_and_as_app_mention(slack, verified):
    say(slack, "oi <@UBOT>")
    assert types(verified) == ["app_mention", "message"]


def test_the_bots_own_message_is_sent_too(slack, verified):
    slack.api("chat.postMessage", {"channel": "geral", "text": "sou eu"})
    slack.control("settle")
    assert json.loads(verified.got[0]["raw"])["event"]["bot_id"] == "B0SANDBOX1"


def test_a_request_that_fails_is_repeated_three_times(slack, verified):
    verified.statuses = [500, 500, 500, 500]
    say(slack, "oi")
    numbers = [one["headers"].get("X-Slack-Retry-Num") for one in verified.got]
    assert numbers == [None, "1", "2", "3"]
    assert verified.got[1]["headers"]["X-Slack-Retry-Reason"] == "http_error"
    assert len({json.loads(one["raw"])["event_id"] for one in verified.got}) == 1


def test_a_request_that_succeeds_is_not_repeated(slack, verified):
    verified.statuses = [503]
    say(slack, "oi")
    assert len(verified.got) == 2


def test_a_url_that_does_not_answer_the_challenge_gets_no_events(slack, app):
    app.statuses = [404]
    assert slack.control("events_url", {"url": app.url}) == {"verified": False}
    app.got.clear()
    say(slack, "oi")
    assert app.got == []


def test_a_pressed_button_is_sent_as_a_form(slack, verified):
    slack.control("interact", {"payload": {"type": "block_actions"}})
    slack.control("settle")
    assert json.loads(parse_qs(verified.got[0]["raw"].decode())["payload"][0]) == {"type": "block_actions"}
