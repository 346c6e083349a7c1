"""GitHub's actions, run through the whole library against the emulator."""

import json

import pytest

from plugfn.errors import (
    GiveUp,
    InvalidCall,
    InvalidParams,
    NeedsReconnect,
    NotFound,
    OutcomeUnknown,
    RateLimited,
)
from plugfn.providers.github import provider
from plugfn.providers.github.models import Issue
from plugfn.testing.bench import Bench

LOJA = {"owner": "ana", "repo": "loja"}


@pytest.fixture
def github(emulator):
    return emulator("github")


@pytest.fixture
async def bench(github):
    token = github.control("POST", "/tokens", {"login": "ana"})["access_token"]
    settings = {"client_id": "Iv1.sandbox0000000001", "client_secret": "github_sandbox_only", "api_url": github.url}
    async with Bench(provider, settings=settings, credentials={"access_token": token}) as github_bench:
        yield github_bench


async def test_an_issue_is_opened_as_asked(bench, github):
    params = {**LOJA, "title": "O forno não liga", "body": "Desde ontem.", "labels": ["bug"], "assignees": ["bruno"]}
    issue = await bench.call("issues.create", params)
    assert (issue.number, issue.state, issue.user.login) == (1, "open", "ana")
    assert [label.name for label in issue.labels] == ["bug"]
    (request,) = github.requests("/repos/ana/loja/issues")
    assert set(json.loads(request["body"])) == {"title", "body", "labels", "assignees"}


def test_a_label_may_be_a_bare_name():
    """If the bare name could not be read, an issue that was opened would look like a failure."""
    issue = {"id": 1, "number": 1, "title": "x", "state": "open", "html_url": "", "labels": ["bug", {"name": None}]}
    assert [label.name for label in Issue.model_validate(issue).labels] == ["bug", None]


async def test_every_request_has_the_headers_that_github_asks_for(bench, github):
    await bench.call("repos.get", LOJA)
    headers = github.requests()[0]["headers"]
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["user-agent"].startswith("plugfn/")
    assert headers["authorization"].startswith("Bearer gho_")


async def test_a_repository_is_read(bench):
    repo = await bench.call("repos.get", {"owner": "ana", "repo": "cofre"})
    assert (repo.full_name, repo.private, repo.default_branch) == ("ana/cofre", True, "main")


async def test_a_pull_request_is_opened_once(bench):
    params = {**LOJA, "title": "Trocar o fusível", "head": "novo", "base": "main", "draft": True}
    pull = await bench.call("pulls.create", params)
    assert (pull.number, pull.draft, pull.head.ref, pull.base.ref) == (1, True, "novo", "main")
    with pytest.raises(InvalidCall) as caught:
        await bench.call("pulls.create", params)
    assert caught.value.code == "custom"


async def test_the_test_of_a_connection_names_its_account(bench):
    assert await bench.test() == "ana"


async def test_another_users_private_repository_is_not_found(bench):
    with pytest.raises(NotFound):
        await bench.call("issues.create", {"owner": "bruno", "repo": "segredo", "title": "x"})


async def test_a_field_that_github_refuses_is_named(bench):
    with pytest.raises(InvalidCall, match=r"PullRequest\.head invalid"):
        await bench.call("pulls.create", {**LOJA, "title": "x", "head": "nada", "base": "main"})


async def test_an_archived_repository_refuses(bench, github):
    github.control("POST", "/repos", {"owner": "ana", "name": "velha", "archived": True})
    with pytest.raises(GiveUp) as caught:
        await bench.call("issues.create", {"owner": "ana", "repo": "velha", "title": "x"})
    assert caught.value.code == "archived"


async def test_a_repository_with_issues_switched_off_refuses_an_issue(bench, github):
    github.control("POST", "/repos", {"owner": "ana", "name": "muda", "has_issues": False})
    with pytest.raises(InvalidCall) as caught:
        await bench.call("issues.create", {"owner": "ana", "repo": "muda", "title": "x"})
    assert caught.value.code == "http_410"


async def test_a_revoked_token_needs_the_user(github, bench):
    credentials = {"access_token": "gho_unknown"}
    settings = {"client_id": "x", "client_secret": "y", "api_url": github.url}
    async with Bench(provider, settings=settings, credentials=credentials) as other:
        with pytest.raises(NeedsReconnect) as caught:
            await other.call("repos.get", LOJA)
    assert caught.value.code == "bad_credentials"


@pytest.mark.parametrize("status", [403, 429])
async def test_a_used_up_limit_says_when_it_resets(bench, github, status):
    github.control("POST", "/limit", {"remaining": 0, "reset_in": 1800, "status": status})
    with pytest.raises(RateLimited) as caught:
        await bench.call("repos.get", LOJA)
    assert 1790 < caught.value.retry_after <= 1800
    with pytest.raises(RateLimited):
        await bench.call("repos.get", LOJA)
    assert len(github.requests("/repos/ana/loja")) == 1, "the second call was not even sent"


async def test_no_call_is_sent_after_the_last_one_that_the_limit_allows(bench, github):
    github.control("POST", "/limit", {"remaining": 1, "reset_in": 1800})
    await bench.call("repos.get", LOJA)
    with pytest.raises(RateLimited):
        await bench.call("repos.get", LOJA)
    assert len(github.requests("/repos/ana/loja")) == 1


async def test_a_secondary_limit_is_waited_for_and_the_call_repeated(bench, github):
    body = {"message": "You have exceeded a secondary rate limit."}
    github.fault("GET /repos/*", kind="answer", status=403, body=body, headers={"Retry-After": "1"})
    assert (await bench.call("repos.get", LOJA)).name == "loja"


async def test_after_an_unknown_outcome_an_issue_is_not_opened_again(bench, github):
    github.fault("POST /repos/*", kind="truncate", after=True)
    with pytest.raises(OutcomeUnknown):
        await bench.call("issues.create", {**LOJA, "title": "uma só"})
    assert len(github.control("GET", "/world")["repos"]["ana/loja"]["issues"]) == 1


async def test_a_read_is_repeated_after_a_broken_answer(bench, github):
    github.fault("GET /repos/*", kind="truncate")
    assert (await bench.call("repos.get", LOJA)).name == "loja"
    assert len(github.requests("/repos/ana/loja")) == 2


@pytest.mark.parametrize(
    "params",
    [
        {"owner": "ana", "repo": "loja"},
        {"owner": "ana", "repo": "loja", "title": " "},
        {"owner": "ana", "repo": "loja", "title": "x" * 257},
        {"owner": "ana", "repo": "loja", "title": "x", "body": "x" * 65537},
        {"owner": "ana", "repo": "loja", "title": "x", "labels": ["a"] * 101},
        {"owner": "ana", "repo": "loja", "title": "x", "assignees": ["a"] * 11},
        {"owner": "ana/../bruno", "repo": "loja", "title": "x"},
        {"owner": "ana", "repo": "loja?x=1", "title": "x"},
        {"owner": "ana", "repo": "loja", "title": "x", "milestone": 1},
    ],
)
async def test_wrong_parameters_are_refused_before_anything_is_sent(bench, github, params):
    with pytest.raises(InvalidParams):
        await bench.call("issues.create", params)
    assert github.requests() == []


@pytest.mark.parametrize("repo", [".", ".."])
async def test_a_name_cannot_escape_its_place_in_the_path(bench, github, repo):
    with pytest.raises(InvalidParams):
        await bench.call("repos.get", {"owner": "ana", "repo": repo})
    assert github.requests() == []


@pytest.mark.parametrize("body", ["<html>", [], {"id": 1}, {"id": "x", "number": None}])
async def test_after_an_unreadable_answer_an_issue_is_not_opened_again(bench, github, body):
    github.fault("POST /repos/*", kind="answer", status=201, body=body, after=True)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await bench.call("issues.create", {**LOJA, "title": "x"}, idempotency_key="once")
    assert len(github.requests("/repos/ana/loja/issues")) == 1
