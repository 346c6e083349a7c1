"""The REST calls about repository webhooks: create, ping, list deliveries, redeliver.

Source: https://docs.github.com/rest/repos/webhooks
"""

from typing import Any
from uuid import uuid4

from aiohttp import web

from .api import Refused, api, invalid
from .hooks import Message, dispatch
from .repos import body, to_json, visible_repo
from .world import Hook, Repo, Token, World

MOST_PER_PAGE = 100


def _administered(request: web.Request, world: World, token: Token) -> Repo:
    repo = visible_repo(request, world, token)
    granted = token.expires_at is not None or {"repo", "admin:repo_hook"} & set(token.scopes)
    if not granted or token.login != repo.owner:
        raise Refused(404, "Not Found")
    return repo


def _hook(request: web.Request, world: World, token: Token) -> tuple[Repo, Hook]:
    repo = _administered(request, world, token)
    hook = repo.hooks.get(int(request.match_info["hook"]))
    if hook is None:
        raise Refused(404, "Not Found")
    return repo, hook


def _delivery(request: web.Request, hook: Hook) -> dict[str, Any]:
    wanted = int(request.match_info["delivery"])
    found = next((one for one in hook.deliveries if one["id"] == wanted), None)
    if found is None:
        raise Refused(404, "Not Found")
    return found


def hook_to_json(hook: Hook, repo: Repo) -> dict[str, Any]:
    """A hook as the API and its ping show it, with the secret hidden."""
    hidden = {"secret": "********"} if hook.secret else {}
    config = {"url": hook.url, "content_type": hook.content_type, "insecure_ssl": "0"} | hidden
    return {
        "type": "Repository",
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": hook.events,
        "config": config,
        "url": f"https://api.github.com/repos/{repo.full_name}/hooks/{hook.id}",
    }


@api
async def create(request: web.Request, world: World, token: Token) -> web.Response:
    repo, fields = _administered(request, world, token), await body(request)
    config = fields.get("config") or {}
    if not str(config.get("url", "")).startswith(("http://", "https://")):
        raise invalid("Hook", "url", "missing_field")
    if any(hook.url == config["url"] for hook in repo.hooks.values()):
        raise Refused(422, "Validation Failed", [{"resource": "Hook", "code": "custom", "message": "exists"}])
    kind, secret = config.get("content_type", "form"), config.get("secret", "")
    hook = Hook(world.next_id(), config["url"], secret, fields.get("events") or ["push"], kind)
    repo.hooks[hook.id] = hook
    _ping(request, world, token, repo, hook)
    return web.json_response(hook_to_json(hook, repo), status=201)


@api
async def ping(request: web.Request, world: World, token: Token) -> web.Response:
    _ping(request, world, token, *_hook(request, world, token))
    return web.Response(status=204)


def _ping(request: web.Request, world: World, token: Token, repo: Repo, hook: Hook) -> None:
    payload = {"zen": "Keep it logically awesome.", "hook_id": hook.id, "hook": hook_to_json(hook, repo)}
    about = {"repository": to_json(repo, world), "sender": world.users[token.login]}
    dispatch(request.app, repo, hook, Message(str(uuid4()), "ping", payload | about))


@api
async def deliveries(request: web.Request, world: World, token: Token) -> web.Response:
    """Newest first, a cursor in the Link header."""
    _, hook = _hook(request, world, token)
    size = min(int(request.query.get("per_page", "30")), MOST_PER_PAGE)
    newest = [{name: one[name] for name in one if name != "request"} for one in reversed(hook.deliveries)]
    cursor = request.query.get("cursor", "v1_0")
    if not cursor.startswith("v1_"):
        raise Refused(422, "Invalid cursor")
    start = int(cursor.removeprefix("v1_"))
    found = web.json_response(newest[start : start + size])
    if start + size < len(newest):
        following = request.url.with_query(per_page=size, cursor=f"v1_{start + size}")
        found.headers["Link"] = f'<{following}>; rel="next"'
    return found


@api
async def delivery(request: web.Request, world: World, token: Token) -> web.Response:
    _, hook = _hook(request, world, token)
    return web.json_response(_delivery(request, hook))


@api
async def attempt(request: web.Request, world: World, token: Token) -> web.Response:
    repo, hook = _hook(request, world, token)
    old = _delivery(request, hook)
    message = Message(old["guid"], old["event"], old["request"]["payload"])
    dispatch(request.app, repo, hook, message, again=True)
    return web.json_response({}, status=202)


HOOKS = "/repos/{owner}/{repo}/hooks"
ROUTES = [
    web.post(HOOKS, create),
    web.post(HOOKS + r"/{hook:\d+}/pings", ping),
    web.get(HOOKS + r"/{hook:\d+}/deliveries", deliveries),
    web.get(HOOKS + r"/{hook:\d+}/deliveries/{delivery:\d+}", delivery),
    web.post(HOOKS + r"/{hook:\d+}/deliveries/{delivery:\d+}/attempts", attempt),
]
