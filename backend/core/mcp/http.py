"""The MCP endpoint of the web process: one POST, one JSON answer. Nothing is kept between two of them.

So any process answers any request. What must be refused is refused before the body is read.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from apps.agents.caller import Caller
from apps.agents.identify import identify
from apps.agents.oauth.metadata import challenge
from apps.agents.oauth.places import base_of, resource_of
from apps.api.throttles import call_budgets, wait_for
from core.mcp.pool import POOL, Refused
from core.mcp.server import make_server
from lib.client_address import of_headers
from lib.error_shape import error_body

# Bytes of a request. Arguments are short.
LIMIT = 64 * 1024
# Where the caller stands in the scope of a request.
CALLER = "ponte.caller"
LONGEST_TOKEN = 200

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Denied(Exception):
    """The answer to a request that does not get as far as MCP."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.headers, self.body = status, dict(headers or {}), error_body(message, code)


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one ASGI request to /mcp."""
    try:
        caller = await _admit(scope, dict(scope["headers"]))
    except Denied as denied:
        await _deny(denied, send)
        return
    manager = StreamableHTTPSessionManager(_SERVER, json_response=True, stateless=True, max_request_body_size=LIMIT)
    # The library's manager lives as long as its tasks, so each request has one of its own.
    async with manager.run():
        await manager.handle_request({**scope, CALLER: caller}, receive, send)


async def _caller(context: Any) -> Caller:
    caller: Caller = context.request.scope[CALLER]
    return caller


_SERVER = make_server(_caller)


async def _admit(scope: Scope, headers: dict[bytes, bytes]) -> Caller:
    """Who calls. Raises Denied."""
    if scope["method"] != "POST":
        raise Denied(405, "METHOD_NOT_ALLOWED", "Send a POST.", {"Allow": "POST"})
    base = _check_place(scope, headers)
    token = _token(headers.get(b"authorization", b""))
    peer = scope["client"][0] if scope.get("client") else ""
    address = of_headers(peer, scope["headers"], settings.TRUSTED_PROXIES).limited
    try:
        return await POOL.run(lambda: _identify(token, base, address))
    except Refused as refused:
        headers_of_busy = {"Retry-After": str(refused.failure.retry_after or 5)}
        raise Denied(503, refused.failure.code, refused.failure.message, headers_of_busy) from None


def _check_place(scope: Scope, headers: dict[bytes, bytes]) -> str:
    """The address of this server. Raises Denied for another host, and for a page of another site in a browser.

    A name of a stranger that resolves to this machine (DNS rebinding) fails both.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    domain, _port = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        raise Denied(400, "MALFORMED_REQUEST", "Ponte does not serve this host.")
    scheme = _scheme(scope, headers)
    if settings.SECURE_SSL_REDIRECT and scheme != "https":
        raise Denied(403, "FORBIDDEN", "Use https: others could have read the token.")
    base = base_of(scheme, host)
    origin = headers.get(b"origin", b"").decode("latin-1")
    if origin and origin not in (base, *settings.CSRF_TRUSTED_ORIGINS):
        raise Denied(403, "FORBIDDEN", "Pages of other sites may not call this.")
    return base


def _scheme(scope: Scope, headers: dict[bytes, bytes]) -> str:
    """How the caller reached the first proxy, or else this process. As Django has it (SECURE_PROXY_SSL_HEADER)."""
    said = headers.get(b"x-forwarded-proto", b"").split(b",")[0].strip()
    return "https" if b"https" in (said, str(scope.get("scheme")).encode()) else "http"


def _token(header: bytes) -> str:
    """The text of the token; empty without one."""
    scheme, _space, text = header.decode("latin-1").strip().partition(" ")
    return text.strip() if scheme.lower() == "bearer" and len(text) <= LONGEST_TOKEN else ""


def _identify(token: str, base: str, address: str | None) -> Caller:
    caller = identify(token, resource_of(base)) if token else None
    if wait := wait_for(call_budgets(caller.access if caller else None, address)):
        headers = {"Retry-After": str(round(wait) or 1)}
        raise Denied(429, "RATE_LIMIT_EXCEEDED", "Too many calls. Wait before the next one.", headers)
    if caller is None:
        error = "invalid_token" if token else ""
        code = "INVALID_TOKEN" if token else "NOT_AUTHENTICATED"
        message = "This token is not valid: it is wrong, expired or revoked." if token else "A token is needed."
        raise Denied(401, code, message, {"WWW-Authenticate": challenge(base, error=error)})
    return caller


async def _deny(denied: Denied, send: Send) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(denied.body)), **denied.headers}
    # The body of the request was not read.
    headers["Connection"] = "close"
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": denied.status, "headers": pairs})
    await send({"type": "http.response.body", "body": denied.body})
