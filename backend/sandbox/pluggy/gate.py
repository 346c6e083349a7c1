"""What every request passes: counting, CORS, JSON errors, rate limits, faults, and the key."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from . import clock
from .auth import CALLER, admit
from .errors import ApiError, unauthorized
from .faults import Fault
from .wire import JSON_TYPE, reply
from .world import world_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = logging.getLogger(__name__)
OPEN = {"POST /auth"}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET,POST,PATCH,DELETE,OPTIONS",
    "Access-Control-Allow-Headers": "X-API-KEY,Content-Type,Authorization",
    "Access-Control-Max-Age": "600",
}


def endpoint_of(request: web.Request) -> str:
    """`GET /items/{id}`: method and route, the name used by limits, faults and the oracle."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource else request.path
    return f"{request.method} {path}"


def is_api(request: web.Request) -> bool:
    """Whether this is Pluggy's API, not the control plane or a page."""
    return request.config_dict is not None and not request.path.startswith(("/_", "/oauth", "/pluggy-connect.js"))


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The whole way of one request."""
    if request.method == "OPTIONS":
        return web.Response(status=204, headers=CORS)
    if not is_api(request):
        return await _answered(request, handler)
    world, endpoint, started = world_of(request), endpoint_of(request), time.perf_counter()
    status = 0
    try:
        answer = await _checked(request, handler, endpoint)
        status = answer.status
        answer.headers.update(CORS)
        return answer
    finally:
        took = time.perf_counter() - started
        world.requests.note(endpoint, status, took, request.query_string, clock.iso(clock.now()))


async def _checked(request: web.Request, handler: Handler, endpoint: str) -> web.StreamResponse:
    world = world_of(request)
    try:
        headers = world.limits.take(endpoint, request.remote or "")
    except ApiError as error:
        return _error(error)
    fault = world.faults.strike("api", endpoint)
    answer = await (_faulty(request, handler, endpoint, fault) if fault else _served(request, handler, endpoint))
    answer.headers.update(headers)
    return answer


async def _served(request: web.Request, handler: Handler, endpoint: str) -> web.StreamResponse:
    if endpoint not in OPEN and request.match_info.http_exception is None:
        try:
            request[CALLER] = admit(request, endpoint)
        except ApiError as error:
            return _error(error)
    return await _answered(request, handler)


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return _error(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return reply({"code": error.status, "message": f"Cannot {request.method} {request.path}"}, error.status)
    except Exception:
        log.exception("the emulator itself failed at %s %s", request.method, request.path)
        body = {"code": 500, "codeDescription": "INTERNAL_SERVER_ERROR", "message": "Internal server error"}
        return reply(body, 500)


def _error(error: ApiError) -> web.Response:
    answer = reply(error.body(), error.status)
    answer.headers.update(error.headers)
    return answer


async def _faulty(request: web.Request, handler: Handler, endpoint: str, fault: Fault) -> web.StreamResponse:
    if fault.kind in ("hang", "latency"):
        await asyncio.sleep(fault.seconds)
        return await _served(request, handler, endpoint)
    if fault.kind == "reset":
        if request.transport:
            request.transport.abort()
        return web.Response(status=499)
    if fault.kind == "truncate":
        return _truncated(await _served(request, handler, endpoint))
    if fault.kind == "expired_key":
        return _expire(request)
    return _broken(fault)


def _truncated(answer: web.StreamResponse) -> web.StreamResponse:
    whole = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b'{"res'
    return web.Response(body=whole[: max(1, len(whole) // 2)], status=answer.status, content_type=JSON_TYPE)


def _expire(request: web.Request) -> web.Response:
    world = world_of(request)
    try:
        world.revoked.add(admit(request, "GET /connectors").token_id)
    except ApiError as error:
        return _error(error)
    return _error(unauthorized(world.switches.unauthorized_status))


def _broken(fault: Fault) -> web.Response:
    if fault.kind == "429":
        answer = reply({"code": 429, "message": "Too many requests. Please try again later"}, 429)
        answer.headers["Retry-After"] = str(fault.retry_after)
        return answer
    if fault.kind == "502":
        return web.Response(
            text="<html><body><h1>502 Bad Gateway</h1></body></html>", status=502, content_type="text/html"
        )
    status = fault.status if fault.kind == "error" else int(fault.kind)
    return reply(
        fault.body or {"code": status, "codeDescription": "INTERNAL_SERVER_ERROR", "message": "Broken"},
        status,
    )
