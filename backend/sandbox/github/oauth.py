"""OAuth: the authorization page, the code, tokens, refresh and revocation.

Source: https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps and
https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
"""

import hashlib
import hmac
import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from sandbox.kit.consent import consent_page

from .world import CODE_SECONDS, REFRESH_SECONDS, WORLD, Code, Token, World

FIELDS = ("client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method")
MESSAGES = {
    "incorrect_client_credentials": "The client_id and/or client_secret passed are incorrect.",
    "redirect_uri_mismatch": "The redirect_uri MUST match the registered callback URL for this application.",
    "bad_verification_code": "The code passed is incorrect or expired.",
    "bad_refresh_token": "The refresh token passed is incorrect or expired.",
    "unsupported_grant_type": "The grant_type is not supported.",
}


def same_place(registered: str, requested: str) -> bool:
    """GitHub's rule for redirect URIs: same host and a path below; on this machine any port."""
    known, wanted = urlsplit(registered), urlsplit(requested)
    local = known.hostname in {"127.0.0.1", "localhost"}
    place = known.hostname == wanted.hostname and (local or known.netloc == wanted.netloc)
    return place and known.scheme == wanted.scheme and wanted.path.startswith(known.path)


async def page(request: web.Request) -> web.StreamResponse:
    """The page that asks the user to authorize the app. With the switch auto_approve (a login) it redirects at once."""
    world, params = request.app[WORLD], {name: request.query.get(name, "") for name in FIELDS}
    app = world.apps.get(params["client_id"])
    if app is None:
        raise web.HTTPNotFound(text="Not Found")
    if params["redirect_uri"] and not same_place(app["callback"], params["redirect_uri"]):
        return _refuse(app["callback"], params, "redirect_uri_mismatch", MESSAGES["redirect_uri_mismatch"])
    if params["code_challenge"] and params["code_challenge_method"] != "S256":
        return _refuse(params["redirect_uri"], params, "invalid_request", "Only S256 is supported.")
    if world.switches["auto_approve"]:
        return _grant(world, params, world.switches["auto_approve"])
    return _ask(request, params, sorted(world.users))


def _ask(request: web.Request, params: Mapping[str, str], logins: list[str]) -> web.Response:
    accounts = ("login", [(login, login) for login in logins])
    asked = _scopes(params)
    return consent_page(
        request, site="GitHub", what="GitHub", scopes=asked, hidden=params, accounts=accounts, answer="authorize"
    )


async def decide(request: web.Request) -> web.StreamResponse:
    """The button that the user pressed."""
    world, form = request.app[WORLD], {name: str(value) for name, value in (await request.post()).items()}
    params = {name: form.get(name, "") for name in FIELDS}
    app = world.apps.get(params["client_id"])
    login = form.get("login", "")
    if app is None or login not in world.users or not same_place(app["callback"], params["redirect_uri"]):
        raise web.HTTPBadRequest(text="Bad Request")
    if form.get("authorize") != "1":
        return _refuse(params["redirect_uri"], params, "access_denied", "The user has denied your application access.")
    return _grant(world, params, login)


def _grant(world: World, params: Mapping[str, str], login: str) -> web.Response:
    code = secrets.token_hex(10)
    world.codes[code] = Code(
        login, params["client_id"], _scopes(params), params["redirect_uri"], params["code_challenge"]
    )
    return _back(params["redirect_uri"], {"code": code, "state": params["state"]})


def _scopes(params: Mapping[str, str]) -> list[str]:
    return params["scope"].replace(",", " ").split()


def _refuse(where: str, params: Mapping[str, str], error: str, description: str) -> web.Response:
    return _back(where, {"error": error, "error_description": description, "state": params["state"]})


def _back(where: str, query: dict[str, str]) -> web.Response:
    return web.Response(status=302, headers={"Location": f"{where}{'&' if '?' in where else '?'}{urlencode(query)}"})


async def exchange(request: web.Request) -> web.Response:
    """Exchange a code or a refresh token for a token. Errors have status 200."""
    world, form = request.app[WORLD], {name: str(value) for name, value in (await request.post()).items()}
    answer = _exchanged(world, form)
    if "application/json" in request.headers.get("Accept", ""):
        return web.json_response(answer)
    return web.Response(text=urlencode(answer), content_type="application/x-www-form-urlencoded")


def _exchanged(world: World, form: Mapping[str, str]) -> dict[str, Any]:
    app = world.apps.get(form.get("client_id", ""))
    if app is None or not hmac.compare_digest(app["secret"].encode(), form.get("client_secret", "").encode()):
        return _error("incorrect_client_credentials")
    kind = form.get("grant_type", "authorization_code")
    if kind == "refresh_token":
        return _refreshed(world, form)
    return _redeemed(world, form) if kind == "authorization_code" else _error("unsupported_grant_type")


def _redeemed(world: World, form: Mapping[str, str]) -> dict[str, Any]:
    code = world.codes.get(form.get("code", ""))
    if code is None or code.client_id != form["client_id"] or time.time() > code.made_at + CODE_SECONDS:
        return _error("bad_verification_code")
    if form.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
        return _error("redirect_uri_mismatch")
    if code.challenge and code.challenge != _challenge(form.get("code_verifier", "")):
        return _error("bad_verification_code")
    del world.codes[form["code"]]
    expiring = world.switches["expiring"]
    scopes = [] if expiring else code.scopes
    return _to_json(world.add_token(code.login, code.client_id, scopes, expiring=expiring))


def _refreshed(world: World, form: Mapping[str, str]) -> dict[str, Any]:
    old = world.refreshes.pop(form.get("refresh_token", ""), None)
    if old is None or old.client_id != form["client_id"]:
        return _error("bad_refresh_token")
    world.tokens.pop(old.value, None)
    return _to_json(world.add_token(old.login, old.client_id, old.scopes, expiring=True))


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _to_json(token: Token) -> dict[str, Any]:
    shown = {"access_token": token.value, "token_type": "bearer", "scope": ",".join(token.scopes)}
    if token.expires_at is None:
        return shown
    left = round(token.expires_at - time.time())
    return shown | {
        "expires_in": left,
        "refresh_token": token.refresh,
        "refresh_token_expires_in": REFRESH_SECONDS,
    }


def _error(code: str) -> dict[str, Any]:
    return {
        "error": code,
        "error_description": MESSAGES[code],
        "error_uri": "https://docs.github.com/apps/troubleshooting-oauth-app-access-token-request-errors",
    }


async def revoke(request: web.Request) -> web.Response:
    """DELETE /applications/{client_id}/token, with the app's id and secret as basic authentication."""
    world, client_id = request.app[WORLD], request.match_info["client_id"]
    app = world.apps.get(client_id)
    if app is None or _basic(request) != f"{client_id}:{app['secret']}":
        return web.json_response({"message": "Not Found", "status": "404"}, status=404)
    token = world.tokens.get(str((await request.json()).get("access_token")))
    if token is None or token.client_id != client_id:
        return web.json_response({"message": "Validation Failed", "status": "422"}, status=422)
    del world.tokens[token.value]
    world.refreshes.pop(token.refresh, None)
    return web.Response(status=204)


def _basic(request: web.Request) -> str:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    try:
        return b64decode(value, validate=True).decode() if kind.lower() == "basic" else ""
    except ValueError:
        return ""


ROUTES = [
    web.get("/login/oauth/authorize", page),
    web.post("/login/oauth/authorize", decide),
    web.post("/login/oauth/access_token", exchange),
    web.delete("/applications/{client_id}/token", revoke),
]
