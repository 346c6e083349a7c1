"""The Web API: ok or not, scopes, limits."""

import pytest


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"Authorization": None}, "not_authed"),
        ({"Authorization": "Bearer xoxb-nothing"}, "invalid_auth"),
    ],
)
def test_a_call_without_a_valid_token_is_refused(slack, headers, error):
    assert slack.api("auth.test", headers=headers) == {"ok": False, "error": error}
    assert slack.answer.status_code == 200


def test_an_expired_and_a_revoked_token_have_errors_of_their_own(slack):
    slack.as_bot(rotating=True, expires_in=-1)
    assert slack.api("auth.test")["error"] == "token_expired"
    slack.as_bot()
    assert slack.api("auth.revoke") == {"ok": True, "revoked": True}
    assert slack.api("auth.test")["error"] == "token_revoked"


def test_a_message_is_posted_as_json_and_as_a_form(slack):
    assert slack.api("chat.postMessage", {"channel": "#geral", "text": "oi"})["message"]["bot_id"] == "B0SANDBOX1"
    assert slack.api("chat.postMessage", data={"channel": "geral", "text": "olá"})["ok"]
    said = slack.call("GET", "/_sandbox/world")["channels"]["geral"]["messages"]
    assert [one["text"] for one in said] == ["oi", "olá"]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"channel": "nada", "text": "x"}, "channel_not_found"),
        ({"channel": "diretoria", "text": "x"}, "not_in_channel"),
        ({"channel": "antigo", "text": "x"}, "is_archived"),
        ({"channel": "geral"}, "no_text"),
    ],
)
def test_a_message_that_cannot_be_posted_says_why(slack, message, error):
    assert slack.api("chat.postMessage", message)["error"] == error


def test_a_text_that_is_too_long_is_cut_with_a_warning(slack):
    found = slack.api("chat.postMessage", {"channel": "geral", "text": "x" * 40_001})
    assert (len(found["message"]["text"]), found["warning"]) == (40_000, "message_truncated")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
        ("---", "invalid_name_punctuation"),
        ("Nova", "invalid_name_specials"),
        ("a b", "invalid_name_specials"),
        ("geral", "name_taken"),
    ],
)
def test_a_channel_that_cannot_be_made_says_why(slack, name, error):
    assert slack.api("conversations.create", {"name": name})["error"] == error


def test_a_scope_that_is_missing_is_named(slack):
    slack.as_bot(scopes=["channels:manage"])
    found = slack.api("conversations.create", {"name": "nova", "is_private": True})
    assert found == {"ok": False, "error": "missing_scope", "needed": "groups:write", "provided": "channels:manage"}
    assert slack.api("conversations.create", {"name": "nova"})["channel"]["is_member"]


def test_users_info_reads_no_json(slack):
    assert slack.api("users.info", {"user": "UANA"})["error"] == "user_not_found"
    assert slack.api("users.info", data={"user": "UANA"})["user"]["name"] == "ana"
    assert "email" not in slack.call("GET", "/api/users.info", params={"user": "UANA"})["user"]["profile"]


def test_a_channel_can_be_paced(slack):
    slack.control("switches", {"channel_seconds": 30})
    slack.api("chat.postMessage", {"channel": "geral", "text": "um"})
    assert slack.api("chat.postMessage", {"channel": "geral", "text": "dois"})["error"] == "ratelimited"
    assert (slack.answer.status_code, slack.answer.headers["Retry-After"]) == (429, "30")


def test_an_unknown_method_and_a_body_that_is_not_json_have_errors_of_their_own(slack):
    assert slack.api("chat.nothing")["error"] == "unknown_method"
    for raw, error in ((b"{", "invalid_json"), (b"[]", "json_not_object")):
        found = slack.api("chat.postMessage", data=raw, headers={"Content-Type": "application/json"})
        assert found["error"] == error
