"""The REST calls: who may see what, how errors look, the rate limit."""

import time

import pytest


def test_a_repository_is_read_whatever_the_case_of_its_name(github):
    repository = github.get("/repos/ANA/Loja")
    assert (repository["full_name"], repository["owner"]["login"]) == ("ana/loja", "ana")


@pytest.mark.parametrize("path", ["/repos/bruno/segredo", "/repos/ana/nada", "/nothing/here"])
def test_a_repository_that_the_user_may_not_see_is_404(github, path):
    assert github.get(path)["message"] == "Not Found"
    assert github.status == 404


def test_without_the_scope_a_private_repository_is_404(github):
    token = github.post("/_sandbox/tokens", {"login": "ana", "scopes": ["public_repo"]})["access_token"]
    github.get("/repos/ana/cofre", headers={"Authorization": f"Bearer {token}"})
    assert github.status == 404
    assert github.answer.headers["X-OAuth-Scopes"] == "public_repo"
    github.post("/repos/ana/loja/issues", {"title": "x"}, headers={"Authorization": f"Bearer {token}"})
    assert github.status == 201


def test_issues_and_pull_requests_share_their_numbers(github):
    assert github.post("/repos/ana/loja/issues", {"title": "um"})["number"] == 1
    pull = github.post("/repos/ana/loja/pulls", {"title": "dois", "head": "novo", "base": "main"})
    assert (pull["number"], pull["draft"]) == (2, False)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("issues", {}, "title"),
        ("issues", {"title": "x", "assignees": ["nobody"]}, "assignees"),
        ("pulls", {"head": "novo", "base": "main"}, "title"),
        ("pulls", {"title": "x", "head": "nada", "base": "main"}, "head"),
    ],
)
def test_a_wrong_field_is_named(github, path, body, field):
    found = github.post(f"/repos/ana/loja/{path}", body)
    assert github.status == 422
    assert found["errors"][0]["field"] == field


def test_a_second_pull_request_of_a_branch_is_refused(github):
    for status in (201, 422):
        github.post("/repos/ana/loja/pulls", {"title": "x", "head": "novo", "base": "main"})
        assert github.status == status


def test_a_body_that_is_not_json_is_refused(github):
    github.call("POST", "/repos/ana/loja/issues", data=b"{")
    assert github.status == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer nothing"}, 401),
        ({"Authorization": None}, 401),
        ({"User-Agent": ""}, 403),
        ({"X-GitHub-Api-Version": "1999-01-01"}, 400),
        ({"X-GitHub-Api-Version": "2022-11-28"}, 200),
    ],
)
def test_the_token_and_the_headers_of_a_call_are_checked(github, headers, status):
    github.get("/user", headers=headers)
    assert github.status == status


def test_an_expired_token_is_refused(github):
    token = github.post("/_sandbox/tokens", {"login": "ana", "expiring": True, "expires_in": -1})["access_token"]
    github.get("/user", headers={"Authorization": f"Bearer {token}"})
    assert github.status == 401


@pytest.mark.parametrize("status", [403, 429])
def test_the_limit_is_counted_and_shown_in_headers(github, status):
    github.post("/_sandbox/limit", {"remaining": 1, "reset_in": 100, "status": status})
    github.get("/user")
    assert github.answer.headers["X-RateLimit-Remaining"] == "0"
    assert abs(int(github.answer.headers["X-RateLimit-Reset"]) - time.time() - 100) < 3
    assert "rate limit exceeded" in github.get("/user")["message"]
    assert github.status == status


def test_a_limit_resets(github):
    github.post("/_sandbox/limit", {"remaining": 0, "reset_in": -1})
    github.get("/user")
    assert (github.status, github.answer.headers["X-RateLimit-Remaining"]) == (200, "4999")


def test_an_unknown_switch_is_refused(github):
    github.post("/_sandbox/switches", {"nothing": 1})
    assert github.status == 400
