"""Repositories, issues and pull requests, as far as our provider needs them.

Source: https://docs.github.com/rest/repos/repos, /rest/issues/issues, /rest/pulls/pulls
"""

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from .api import Refused, api, invalid
from .hooks import fire
from .world import Repo, Token, World


def visible_repo(request: web.Request, world: World, token: Token) -> Repo:
    """The repository in the path. 404 if the user may not see it. (A GitHub App's tokens have no scopes.)"""
    key = f"{request.match_info['owner']}/{request.match_info['repo']}".lower()
    repo = world.repos.get(key)
    granted = token.expires_at is not None or "repo" in token.scopes
    if repo is None or (repo.private and not (granted and repo.writable(token.login))):
        raise Refused(404, "Not Found")
    return repo


def writable_repo(request: web.Request, world: World, token: Token) -> Repo:
    """The same, but the token must be allowed to change it."""
    repo = visible_repo(request, world, token)
    if token.expires_at is None and not {"repo", "public_repo"} & set(token.scopes):
        raise Refused(404, "Not Found")
    if repo.archived:
        raise Refused(403, "Repository was archived so is read-only.")
    return repo


async def body(request: web.Request) -> dict[str, Any]:
    """The JSON document in the request."""
    try:
        found = await request.json()
    except ValueError as error:
        raise Refused(400, "Problems parsing JSON") from error
    if not isinstance(found, dict):
        raise Refused(400, "Body should be a JSON object")
    return found


def to_json(repo: Repo, world: World) -> dict[str, Any]:
    """A repository as the API and webhooks show it."""
    return {
        "id": repo.id,
        "node_id": f"R_{repo.id}",
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": world.users[repo.owner],
        "html_url": f"https://github.com/{repo.full_name}",
        "description": None,
        "fork": False,
        "url": f"https://api.github.com/repos/{repo.full_name}",
        "default_branch": repo.branches[0],
        "archived": repo.archived,
        "has_issues": repo.has_issues,
        "open_issues_count": len(repo.issues),
        "stargazers_count": 0,
        "forks_count": 0,
        "language": None,
        "visibility": "private" if repo.private else "public",
        "created_at": "2026-01-05T12:00:00Z",
        "updated_at": "2026-01-05T12:00:00Z",
        "pushed_at": "2026-01-05T12:00:00Z",
    }


@api
async def get_repo(request: web.Request, world: World, token: Token) -> web.Response:
    return web.json_response(to_json(visible_repo(request, world, token), world))


@api
async def get_user(_request: web.Request, world: World, token: Token) -> web.Response:
    return web.json_response(world.users[token.login] | {"name": token.login.title(), "email": None})


@api
async def create_issue(request: web.Request, world: World, token: Token) -> web.Response:
    repo, fields = writable_repo(request, world, token), await body(request)
    if not repo.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    if not isinstance(fields.get("title"), str) or not fields["title"].strip():
        raise invalid("Issue", "title", "missing_field")
    if any(login not in world.users for login in fields.get("assignees") or []):
        raise invalid("Issue", "assignees", "invalid")
    labels = [{"name": name, "color": "ededed"} for name in fields.get("labels") or []]
    assignees = [world.users[login] for login in fields.get("assignees") or []]
    issue = _numbered(repo, world, token, fields, "issues") | {"labels": labels, "assignees": assignees}
    repo.issues.append(issue)
    await fire(request.app, repo, "issues", {"action": "opened", "issue": issue, **_about(repo, world, token)})
    return web.json_response(issue, status=201)


@api
async def create_pull(request: web.Request, world: World, token: Token) -> web.Response:
    repo, fields = writable_repo(request, world, token), await body(request)
    if not fields.get("title"):
        raise invalid("PullRequest", "title", "missing_field")
    for end in ("head", "base"):
        if str(fields.get(end, "")).rpartition(":")[2] not in repo.branches:
            raise invalid("PullRequest", end, "invalid")
    if any(one.get("head", {}).get("ref") == fields["head"] for one in repo.issues):
        raise Refused(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": "exists"}])
    ends = {
        end: {"ref": fields[end], "sha": f"{repo.id:040x}", "repo": to_json(repo, world)} for end in ("head", "base")
    }
    pull = _numbered(repo, world, token, fields, "pull") | ends | {"draft": bool(fields.get("draft")), "merged": False}
    repo.issues.append(pull)
    event = {"action": "opened", "number": pull["number"], "pull_request": pull, **_about(repo, world, token)}
    await fire(request.app, repo, "pull_request", event)
    return web.json_response(pull, status=201)


def _numbered(repo: Repo, world: World, token: Token, fields: dict[str, Any], kind: str) -> dict[str, Any]:
    number, now = len(repo.issues) + 1, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "id": world.next_id(),
        "number": number,
        "title": fields["title"],
        "body": fields.get("body"),
        "state": "open",
        "user": world.users[token.login],
        "html_url": f"https://github.com/{repo.full_name}/{kind}/{number}",
        "url": f"https://api.github.com/repos/{repo.full_name}/{kind}/{number}",
        "created_at": now,
        "updated_at": now,
    }


def _about(repo: Repo, world: World, token: Token) -> dict[str, Any]:
    return {"repository": to_json(repo, world), "sender": world.users[token.login]}


ROUTES = [
    web.get("/user", get_user),
    web.get("/repos/{owner}/{repo}", get_repo),
    web.post("/repos/{owner}/{repo}/issues", create_issue),
    web.post("/repos/{owner}/{repo}/pulls", create_pull),
]
