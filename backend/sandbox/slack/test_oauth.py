"""Installing: errors have status 200, codes and refresh tokens work once, tokens rotate."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from .world import CLIENT_ID, CLIENT_SECRET

ASKED = {
    "client_id": CLIENT_ID,
    "redirect_uri": "http://127.0.0.1/back",
    "scope": "chat:write,users:read",
    "state": "s",
}


def granted(slack):
    slack.control("switches", {"auto_approve": "UANA"})
    slack.call("GET", "/oauth/v2/authorize", params=ASKED)
    return dict(parse_qsl(urlsplit(slack.answer.headers["Location"]).query))["code"]


def access(slack, **form):
    sent = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uri": ASKED["redirect_uri"]} | form
    found = slack.api("oauth.v2.access", data=sent, headers={"Authorization": None})
    assert slack.answer.status_code == 200
    return found


def test_the_page_asks_and_sends_back_a_code(slack):
    assert 'name="state" value="s"' in slack.call("GET", "/oauth/v2/authorize", params=ASKED)
    for allow, key in (("1", "code"), ("0", "error")):
        slack.call("POST", "/oauth/v2/authorize", data=ASKED | {"user": "UANA", "allow": allow})
        query = dict(parse_qsl(urlsplit(slack.answer.headers["Location"]).query))
        assert set(query) == {key, "state"}


def test_a_code_works_once(slack):
    code = granted(slack)
    found = access(slack, code=code)
    assert found["access_token"].startswith("xoxb-")
    assert (found["scope"], found["team"]["name"]) == ("chat:write,users:read", "Padaria Sol")
    assert "expires_in" not in found
    assert access(slack, code=code)["error"] == "invalid_code"


def test_the_secret_may_come_by_basic_authentication(slack):
    form = {"code": granted(slack), "redirect_uri": ASKED["redirect_uri"]}
    found = slack.api("oauth.v2.access", data=form, headers={"Authorization": None}, auth=(CLIENT_ID, CLIENT_SECRET))
    assert found["ok"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "x"}, "invalid_client_id"),
        ({"client_secret": "x"}, "bad_client_secret"),
        ({"code": "x"}, "invalid_code"),
        ({"redirect_uri": "http://127.0.0.1/other"}, "bad_redirect_uri"),
        ({"grant_type": "x"}, "invalid_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_refresh_token"),
    ],
)
def test_every_error_comes_with_status_200(slack, form, error):
    assert access(slack, **{"code": granted(slack)} | form) == {"ok": False, "error": error}


def test_a_refresh_token_works_once(slack):
    slack.control("switches", {"rotation": True})
    first = access(slack, code=granted(slack))
    assert (first["expires_in"], first["access_token"][:5]) == (43200, "xoxe.")
    second = access(slack, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    again = access(slack, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert again["error"] == "invalid_refresh_token"


@pytest.mark.parametrize("wrong", [{"client_id": "x"}, {"redirect_uri": "ftp://x"}])
def test_a_wrong_request_is_not_redirected(slack, wrong):
    assert slack.call("GET", "/oauth/v2/authorize", params=ASKED | wrong).startswith("Oops")
