"""The server's routes.

GET  /authorize, POST /token, POST /revoke, GET /api/me
POST /_sandbox/options   what the user and the server do in the next requests (the fields of Options)
GET  /_sandbox/grants    the grants with their valid tokens
POST /_sandbox/expire    expire all access tokens now
"""

import asyncio
import base64
import hashlib
import time
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox.kit.app import Sandbox
from sandbox.oauth.world import CLIENT_ID, CLIENT_SECRET, Code, World


class Server:
    """The handlers of one world."""

    def __init__(self) -> None:
        self.world = World()

    async def authorize(self, request: web.Request) -> web.Response:
        """RFC 6749, 4.1.1: the user consents at once, or refuses."""
        query, options = request.query, self.world.options
        redirect_uri = query.get("redirect_uri", "")
        registered = options.redirect_uri
        if query.get("client_id") != CLIENT_ID or not redirect_uri or (registered and redirect_uri != registered):
            return web.Response(status=400, text="unknown client or redirect URI")
        answer = {"state": query.get("state", "")}
        if query.get("response_type") != "code":
            answer["error"] = "unsupported_response_type"
        elif query.get("code_challenge_method", "S256") != "S256":
            answer["error"] = "invalid_request"
        elif options.consent != "allow":
            answer |= {"error": options.consent, "error_description": "<b>not</b> today"}
        else:
            scopes = query.get("scope", "").split()
            answer["code"] = self.world.code(scopes, redirect_uri, query.get("code_challenge", ""))
        if options.issuer:
            answer["iss"] = options.issuer
        raise web.HTTPFound(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(answer)}")

    async def token(self, request: web.Request) -> web.Response:
        """RFC 6749, 4.1.3 and 6."""
        await asyncio.sleep(self.world.options.seconds)
        form = {name: str(value) for name, value in (await request.post()).items()}
        if not _is_client(request, form):
            return self._error("invalid_client", 401)
        grants = {"authorization_code": self._from_code, "refresh_token": self._from_refresh}
        grant = grants.get(form.get("grant_type", ""))
        return self._error("unsupported_grant_type") if grant is None else grant(form)

    def _from_code(self, form: dict[str, str]) -> web.Response:
        code = self.world.codes.get(form.get("code", ""))
        if code is not None and code.used:
            self.world.end(code.grant)
        if code is None or code.used or code.redirect_uri != form.get("redirect_uri") or not _verifier_fits(code, form):
            return self._error("invalid_grant")
        return self._answer(self.world.issue(self.world.redeem(code)))

    def _from_refresh(self, form: dict[str, str]) -> web.Response:
        grant = self.world.refreshable(form.get("refresh_token", ""))
        if grant is None:
            return self._error("invalid_grant")
        grant.refreshes += 1
        return self._answer(self.world.issue(grant))

    def _error(self, code: str, status: int = 400) -> web.Response:
        status = 200 if self.world.options.errors_with_200 else status
        return self._answer({"error": code, "error_description": "the secret is hunter2"}, status)

    @staticmethod
    def _answer(document: dict[str, Any], status: int = 200) -> web.Response:
        return web.json_response(document, status=status, headers={"Cache-Control": "no-store"})

    async def revoke(self, request: web.Request) -> web.Response:
        """RFC 7009."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if not _is_client(request, form):
            return self._error("invalid_client", 401)
        self.world.revoke(form.get("token", ""))
        return web.Response(status=200)

    async def me(self, request: web.Request) -> web.Response:
        """The API: whose token it is (RFC 6750)."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        grant = self.world.of_access(token)
        if grant is None:
            return web.json_response({"error": "invalid_token"}, status=401)
        return web.json_response({"account": grant.account, "scopes": grant.scopes})

    async def set_options(self, request: web.Request) -> web.Response:
        """POST /_sandbox/options"""
        for name, value in (await request.json()).items():
            if not hasattr(self.world.options, name):
                raise web.HTTPBadRequest(text=f"{name} is not an option")
            setattr(self.world.options, name, value)
        return web.Response(status=204)

    async def grants(self, _request: web.Request) -> web.Response:
        """GET /_sandbox/grants"""
        return web.json_response(self.world.to_json())

    async def expire(self, _request: web.Request) -> web.Response:
        """POST /_sandbox/expire"""
        for grant in self.world.grants:
            grant.access = dict.fromkeys(grant.access, time.time() - 1)
        return web.Response(status=204)


def _is_client(request: web.Request, form: dict[str, str]) -> bool:
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        pair = base64.b64decode(header.removeprefix("Basic ")).decode()
        return pair == f"{CLIENT_ID}:{CLIENT_SECRET}" and "client_secret" not in form
    return form.get("client_id") == CLIENT_ID and form.get("client_secret") == CLIENT_SECRET


def _verifier_fits(code: Code, form: dict[str, str]) -> bool:
    """RFC 7636, 4.6."""
    verifier = form.get("code_verifier", "")
    if not code.challenge:
        return not verifier
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return digest == code.challenge


def build() -> Sandbox:
    """The emulator, ready to serve."""
    server = Server()
    sandbox = Sandbox("oauth", server.world.reset)
    sandbox.app.add_routes(
        [
            web.get("/authorize", server.authorize),
            web.post("/token", server.token),
            web.post("/revoke", server.revoke),
            web.get("/api/me", server.me),
            web.post("/_sandbox/options", server.set_options),
            web.get("/_sandbox/grants", server.grants),
            web.post("/_sandbox/expire", server.expire),
        ]
    )
    return sandbox
