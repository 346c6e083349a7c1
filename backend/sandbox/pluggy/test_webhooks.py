"""Registering webhooks: Pluggy's rules with their exact messages, and the relaxed ones behind the flag."""

import pytest

from . import webhooks

PUBLIC = "https://hooks.example.com/x"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("not a url", webhooks.MALFORMED),
        (None, webhooks.MALFORMED),
        ("ftp://example.com/x", webhooks.MALFORMED),
        ("http://localhost/x", webhooks.MALFORMED),
        ("https://single/x", webhooks.MALFORMED),
        ("https://example.com:99999/x", webhooks.MALFORMED),
        ("http://example.com/x", webhooks.NOT_HTTPS),
        ("https://93.184.216.34/x", webhooks.IP_LITERAL),
        ("https://[::1]/x", webhooks.IP_LITERAL),
        ("https://localhost/x", webhooks.RESERVED),
        ("https://printer.local/x", webhooks.RESERVED),
        ("https://db.internal/x", webhooks.RESERVED),
        ("https://user:word@example.com/x", webhooks.CREDENTIALS),
        ("https://example.com:8443/x", webhooks.BAD_PORT),
        ("https://name-that-does-not-exist.invalid/x", webhooks.UNRESOLVED),
    ],
)
def test_each_bad_url_has_its_own_message(strict, url, message):
    answer = strict.post("/webhooks", {"event": "all", "url": url})
    assert (strict.status, answer) == (400, {"code": 400, "message": message})


def test_unknown_events_and_the_old_group_wildcard_are_refused(strict):
    for event in ("item/all", "nonsense", None):
        answer = strict.post("/webhooks", {"event": event, "url": PUBLIC})
        assert answer["message"] == f"Invalid event type '{event}' for webhook"


def test_item_webhook_urls_follow_the_same_rules(strict):
    body = {"connectorId": 2, "parameters": {"user": "user-ok", "password": "password-ok"}}
    answer = strict.post("/items", {**body, "webhookUrl": "http://example.com/x"})
    assert answer["message"] == webhooks.NOT_HTTPS


def test_the_flag_allows_this_machine(emulator):
    hook = emulator.post("/webhooks", {"event": "item/updated", "url": "http://localhost:9/x"})
    assert emulator.status == 200
    assert hook["headers"] == {}
    assert hook["disabledAt"] is None


def test_the_same_event_and_url_twice_is_refused(emulator):
    body = {"event": "all", "url": "http://localhost:9/x"}
    emulator.post("/webhooks", body)
    answer = emulator.post("/webhooks", body)
    assert answer["message"] == "A webhook for event 'all' and url 'http://localhost:9/x' already exists."


def test_five_webhooks_an_event_and_no_more(emulator):
    for number in range(5):
        emulator.post("/webhooks", {"event": "all", "url": f"http://localhost:9/{number}"})
    answer = emulator.post("/webhooks", {"event": "all", "url": "http://localhost:9/5"})
    assert answer["message"] == "You have reached the maximum of 5 webhooks for event 'all'."


def test_a_webhook_is_listed_changed_and_deleted(emulator):
    hook = emulator.post("/webhooks", {"event": "all", "url": "http://localhost:9/x", "headers": {"A": "b"}})
    path = "/webhooks/" + hook["id"]
    assert emulator.get("/webhooks")["results"] == [hook]
    assert emulator.patch(path, {"event": "item/error"})["headers"] == {"A": "b"}
    assert emulator.patch(path, {"headers": None})["headers"] == {}
    assert emulator.patch(path, {"enabled": False})["disabledAt"]
    assert emulator.patch(path, {"enabled": True})["disabledAt"] is None
    assert emulator.get(path)["event"] == "item/error"
    assert emulator.delete(path) == {"count": 1}
    emulator.delete(path)
    assert emulator.status == 404


def test_creation_can_answer_201_as_the_schema_says(start):
    emulator = start("--webhook-create-status", "201", "--allow-local-webhooks")
    emulator.post("/webhooks", {"event": "all", "url": "http://localhost:9/x"})
    assert emulator.status == 201
