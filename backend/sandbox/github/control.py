"""The emulator's own controls: users, repositories, tokens, events, the rate limit.

POST /_sandbox/users     {"login"}
POST /_sandbox/repos     {"owner", "name", "private"?, "archived"?, "has_issues"?, "writers"?}
POST /_sandbox/tokens    {"login", "scopes"?, "expiring"?, "expires_in"?} → {"access_token", "refresh_token"?}
POST /_sandbox/switches  {"auto_approve"?: login, "expiring"?: bool, "token_seconds"?}
POST /_sandbox/limit     {"remaining"?, "reset_in"?, "status"?: 403 or 429}
POST /_sandbox/push      {"repo", "ref"?, "message"?}: a push event
POST /_sandbox/emit      {"repo", "event", "payload"}: any event
POST /_sandbox/age       {"repo", "hours"}: moves its deliveries that many hours into the past
POST /_sandbox/settle    answers when all deliveries have ended
GET  /_sandbox/world     the number of tokens, and the repositories with issues and deliveries
"""

import time
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.kit.background import settle

from .hooks import fire
from .repos import to_json
from .world import CLIENT_ID, WORLD, Repo


async def add_user(request: web.Request) -> web.Response:
    return web.json_response(request.app[WORLD].add_user((await request.json())["login"]), status=201)


async def add_repo(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    return web.json_response(to_json(world.add_repo(**await request.json()), world), status=201)


async def add_token(request: web.Request) -> web.Response:
    world, fields = request.app[WORLD], await request.json()
    expiring = bool(fields.get("expiring"))
    token = world.add_token(fields["login"], CLIENT_ID, fields.get("scopes", ["repo"]), expiring=expiring)
    if "expires_in" in fields:
        token.expires_at = time.time() + fields["expires_in"]
    return web.json_response({"access_token": token.value, "refresh_token": token.refresh}, status=201)


async def limit(request: web.Request) -> web.Response:
    world, fields = request.app[WORLD], await request.json()
    world.remaining = fields.get("remaining", world.remaining)
    world.limit_status = fields.get("status", world.limit_status)
    if "reset_in" in fields:
        world.resets_at = time.time() + fields["reset_in"]
    return web.Response(status=204)


async def push(request: web.Request) -> web.Response:
    fields = await request.json()
    repo = _repo(request, fields["repo"])
    await fire(request.app, repo, "push", _pushed(request, repo, fields))
    return web.Response(status=202)


def _pushed(request: web.Request, repo: Repo, fields: dict[str, Any]) -> dict[str, Any]:
    world = request.app[WORLD]
    owner = world.users[repo.owner]
    commit = {
        "id": f"{world.next_id():040x}",
        "message": fields.get("message", "a commit"),
        "timestamp": "2026-01-05T12:00:00Z",
        "url": f"https://github.com/{repo.full_name}/commit/1",
        "author": {"name": repo.owner, "email": f"{repo.owner}@users.noreply.github.com", "username": repo.owner},
    }
    return {
        "ref": fields.get("ref", f"refs/heads/{repo.branches[0]}"),
        "before": "0" * 40,
        "after": commit["id"],
        "created": False,
        "deleted": False,
        "forced": False,
        "compare": f"https://github.com/{repo.full_name}/compare/a...b",
        "commits": [commit],
        "head_commit": commit,
        "pusher": {"name": repo.owner, "email": f"{repo.owner}@users.noreply.github.com"},
        "repository": to_json(repo, world),
        "sender": owner,
    }


async def emit(request: web.Request) -> web.Response:
    fields = await request.json()
    await fire(request.app, _repo(request, fields["repo"]), fields["event"], fields["payload"])
    return web.Response(status=202)


async def age(request: web.Request) -> web.Response:
    fields = await request.json()
    for hook in _repo(request, fields["repo"]).hooks.values():
        for delivery in hook.deliveries:
            moment = datetime.fromisoformat(delivery["delivered_at"]) - timedelta(hours=fields["hours"])
            delivery["delivered_at"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return web.Response(status=204)


async def show(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    repos = {
        name: {"issues": repo.issues, "deliveries": [one for hook in repo.hooks.values() for one in hook.deliveries]}
        for name, repo in world.repos.items()
    }
    return web.json_response({"tokens": len(world.tokens), "repos": repos})


def _repo(request: web.Request, name: str) -> Repo:
    repo = request.app[WORLD].repos.get(name.lower())
    if repo is None:
        raise web.HTTPNotFound(text=f"no repository {name}")
    return repo


ROUTES = [
    web.post("/_sandbox/users", add_user),
    web.post("/_sandbox/repos", add_repo),
    web.post("/_sandbox/tokens", add_token),
    web.post("/_sandbox/limit", limit),
    web.post("/_sandbox/push", push),
    web.post("/_sandbox/emit", emit),
    web.post("/_sandbox/age", age),
    web.post("/_sandbox/settle", settle),
    web.get("/_sandbox/world", show),
]
