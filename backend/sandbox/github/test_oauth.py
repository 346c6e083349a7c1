"""Signing in: errors have status 200, codes work once, PKCE is checked, GitHub App tokens end."""

import hashlib
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from .world import CLIENT_ID, CLIENT_SECRET

CALLBACK = "http://127.0.0.1:9/back"
VERIFIER = "v" * 64
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {"client_id": CLIENT_ID, "redirect_uri": CALLBACK, "scope": "repo,gist", "state": "s"}
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def granted(github, **more):
    github.post("/_sandbox/switches", {"auto_approve": "ana"})
    github.get("/login/oauth/authorize", params=ASKED | more)
    return dict(parse_qsl(urlsplit(github.answer.headers["Location"]).query))


def exchange(github, **form):
    sent = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET} | form
    found = github.call("POST", "/login/oauth/access_token", data=sent, headers={"Accept": "application/json"})
    assert github.status == 200
    return found


def test_the_page_asks_who_you_are_and_sends_back_a_code(github):
    page = github.get("/login/oauth/authorize", params=ASKED)
    assert 'name="state" value="s"' in page
    github.call("POST", "/login/oauth/authorize", data=ASKED | {"login": "bruno", "authorize": "1"})
    query = parse_qs(urlsplit(github.answer.headers["Location"]).query)
    found = exchange(github, code=query["code"][0])
    assert (found["scope"], found["token_type"]) == ("repo,gist", "bearer")
    assert found["access_token"].startswith("gho_")
    assert github.get("/user", headers={"Authorization": f"token {found['access_token']}"})["login"] == "bruno"


def test_a_user_who_cancels_is_redirected_with_an_error(github):
    github.call("POST", "/login/oauth/authorize", data=ASKED | {"login": "ana", "authorize": "0"})
    assert parse_qs(urlsplit(github.answer.headers["Location"]).query)["error"] == ["access_denied"]


def test_an_unregistered_redirect_uri_is_refused(github):
    github.get("/login/oauth/authorize", params=ASKED | {"redirect_uri": "https://evil.example/"})
    assert github.answer.headers["Location"].startswith("http://127.0.0.1/?error=redirect_uri_mismatch")


def test_a_code_works_once(github):
    code = granted(github)["code"]
    assert "access_token" in exchange(github, code=code)
    assert exchange(github, code=code)["error"] == "bad_verification_code"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "wrong"}, "incorrect_client_credentials"),
        ({"client_id": "nobody"}, "incorrect_client_credentials"),
        ({"code": "nothing"}, "bad_verification_code"),
        ({"redirect_uri": "http://127.0.0.1/other"}, "redirect_uri_mismatch"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "ghr_x"}, "bad_refresh_token"),
    ],
)
def test_every_error_comes_with_status_200(github, form, error):
    assert exchange(github, **{"code": granted(github)["code"]} | form)["error"] == error


def test_pkce_is_checked(github):
    assert exchange(github, code=granted(github, **PKCE)["code"])["error"] == "bad_verification_code"
    wrong = exchange(github, code=granted(github, **PKCE)["code"], code_verifier="w" * 64)
    assert wrong["error"] == "bad_verification_code"
    assert "access_token" in exchange(github, code=granted(github, **PKCE)["code"], code_verifier=VERIFIER)
    assert granted(github, **PKCE | {"code_challenge_method": "plain"})["error"] == "invalid_request"


def test_without_asking_for_json_the_answer_is_a_form(github):
    form = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "code": granted(github)["code"]}
    text = github.call("POST", "/login/oauth/access_token", data=form)
    assert set(parse_qs(text)) == {"access_token", "token_type", "scope"}


def test_a_github_apps_token_ends_and_is_renewed_once(github):
    github.post("/_sandbox/switches", {"expiring": True})
    first = exchange(github, code=granted(github)["code"])
    assert (first["expires_in"], first["scope"]) == (28800, "")
    second = exchange(github, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second["access_token"] != first["access_token"]
    again = exchange(github, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert again["error"] == "bad_refresh_token"
    github.get("/user", headers={"Authorization": f"Bearer {first['access_token']}"})
    assert github.status == 401


def test_only_the_app_can_revoke_a_token(github):
    token = exchange(github, code=granted(github)["code"])["access_token"]
    path = f"/applications/{CLIENT_ID}/token"
    github.call("DELETE", path, {"access_token": token})
    assert github.status == 404
    for status in (204, 422):
        github.session.headers.pop("Authorization", None)
        github.call("DELETE", path, {"access_token": token}, auth=(CLIENT_ID, CLIENT_SECRET))
        assert github.status == status
