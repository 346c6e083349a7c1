"""OAuth: the installation page, the code, tokens, rotation and revocation.

Source: https://docs.slack.dev/authentication/installing-with-oauth and /using-token-rotation
"""

import secrets
import time
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox.kit.consent import consent_page

from .world import APP_ID, BOT, CLIENT_ID, CLIENT_SECRET, TEAM, WORLD, Code, Token, World

FIELDS = ("client_id", "scope", "user_scope", "redirect_uri", "state")
CODE_SECONDS = 600


def _params_of(found: Mapping[str, Any]) -> dict[str, str]:
    params = {name: str(found.get(name, "")) for name in FIELDS}
    if params["client_id"] != CLIENT_ID:
        raise web.HTTPOk(text="Oops! invalid_client_id")
    if not params["redirect_uri"].startswith(("http://127.0.0.1", "http://localhost", "https://")):
        raise web.HTTPOk(text="Oops! bad_redirect_uri")
    return params


async def page(request: web.Request) -> web.StreamResponse:
    """The page that asks the user to install the app. With the switch auto_approve (a user) it redirects at once."""
    world, params = request.app[WORLD], _params_of(request.query)
    if world.switches["auto_approve"]:
        return _grant(world, params, world.switches["auto_approve"])
    accounts = [(each["id"], each["real_name"]) for each in world.users.values() if not each["is_bot"]]
    return consent_page(
        request,
        site="Slack",
        what=f"Slack ({TEAM['name']})",
        scopes=_scopes(params),
        hidden=params,
        accounts=("user", accounts),
        answer="allow",
    )


async def decide(request: web.Request) -> web.StreamResponse:
    """The button that the user pressed."""
    form = await request.post()
    params = _params_of(form)
    if form.get("allow") != "1":
        return _back(params["redirect_uri"], {"error": "access_denied", "state": params["state"]})
    return _grant(request.app[WORLD], params, str(form.get("user", "UANA")))


def _grant(world: World, params: Mapping[str, str], installer: str) -> web.Response:
    code = f"{secrets.token_hex(6)}.{secrets.token_hex(16)}"
    world.codes[code] = Code(_scopes(params), params["redirect_uri"], installer)
    return _back(params["redirect_uri"], {"code": code, "state": params["state"]})


def _scopes(params: Mapping[str, str]) -> list[str]:
    return [scope for scope in params["scope"].split(",") if scope]


def _back(where: str, query: dict[str, str]) -> web.Response:
    return web.Response(status=302, headers={"Location": f"{where}{'&' if '?' in where else '?'}{urlencode(query)}"})


async def access(request: web.Request) -> web.Response:
    """oauth.v2.access: exchange a code or a refresh token for tokens. Errors have status 200."""
    form = {name: str(value) for name, value in (await request.post()).items()}
    client_id, client_secret = _client(request, form)
    if client_id != CLIENT_ID:
        return _error("invalid_client_id")
    if client_secret != CLIENT_SECRET:
        return _error("bad_client_secret")
    kind = form.get("grant_type", "authorization_code")
    if kind == "refresh_token":
        return _refreshed(request.app[WORLD], form)
    return _redeemed(request.app[WORLD], form) if kind == "authorization_code" else _error("invalid_grant_type")


def _client(request: web.Request, form: Mapping[str, str]) -> tuple[str, str]:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        found = b64decode(value).decode().partition(":")
        return found[0], found[2]
    return form.get("client_id", ""), form.get("client_secret", "")


def _redeemed(world: World, form: Mapping[str, str]) -> web.Response:
    code = world.codes.get(form.get("code", ""))
    if code is None or time.time() > code.made_at + CODE_SECONDS:
        return _error("invalid_code")
    if form.get("redirect_uri", "") != code.redirect_uri:
        return _error("bad_redirect_uri")
    del world.codes[form["code"]]
    return _to_json(world.add_token(code.scopes, code.installer, rotating=world.switches["rotation"]))


def _refreshed(world: World, form: Mapping[str, str]) -> web.Response:
    old = world.refreshes.pop(form.get("refresh_token", ""), None)
    if old is None or old.value in world.revoked:
        return _error("invalid_refresh_token")
    return _to_json(world.add_token(old.scopes, old.installer, rotating=True))


def _to_json(token: Token) -> web.Response:
    shown: dict[str, Any] = {
        "ok": True,
        "access_token": token.value,
        "token_type": "bot",
        "scope": ",".join(token.scopes),
        "bot_user_id": BOT,
        "app_id": APP_ID,
        "team": TEAM,
        "enterprise": None,
        "is_enterprise_install": False,
        "authed_user": {"id": token.installer},
    }
    if token.expires_at is not None:
        shown |= {"expires_in": round(token.expires_at - time.time()), "refresh_token": token.refresh}
    return web.json_response(shown)


def _error(code: str) -> web.Response:
    return web.json_response({"ok": False, "error": code})


ROUTES = [
    web.get("/oauth/v2/authorize", page),
    web.post("/oauth/v2/authorize", decide),
    web.post("/api/oauth.v2.access", access),
]
