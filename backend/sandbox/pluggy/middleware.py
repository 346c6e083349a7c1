"""The steps of every request: counting, CORS, JSON errors, rate limits, faults, the check of the key."""

import ipaddress
import logging
import time

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.kit.effects import spoil

from . import clock
from .auth import CALLER, admit
from .errors import ApiError
from .faults import API
from .wire import refusal, reply
from .world import world_of

log = logging.getLogger(__name__)
OPEN = {"POST /auth"}
WIDGET = ("/pluggy-connect.js", "/connect/")
ELSEWHERE = ApiError(403, "The control plane answers this machine only")
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET,POST,PATCH,DELETE,OPTIONS",
    "Access-Control-Allow-Headers": "X-API-KEY,Content-Type,Authorization",
    "Access-Control-Max-Age": "600",
}


def endpoint_of(request: web.Request) -> str:
    """`GET /items/{id}`: method and route. Limits, faults and the oracle use this name."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource else request.path
    return f"{request.method} {path}"


def is_api(request: web.Request) -> bool:
    """Whether this is Pluggy's API, not the control plane or a page."""
    return request.config_dict is not None and not request.path.startswith(("/_", "/oauth", *WIDGET))


def _is_widget(request: web.Request) -> bool:
    """Whether this is a file of the widget: it needs no key, but faults happen to it."""
    return request.path.startswith(WIDGET)


def _may_control(request: web.Request) -> bool:
    """The control plane answers callers on this machine only."""
    control = request.path.startswith("/_sandbox/")
    return not control or not request.remote or ipaddress.ip_address(request.remote).is_loopback


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Handles one request from start to end."""
    if request.method == "OPTIONS":
        return web.Response(status=204, headers=CORS)
    if _is_widget(request):
        return await _spoiled(request, handler)
    if not is_api(request):
        return await _answered(request, handler) if _may_control(request) else refusal(ELSEWHERE)
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


async def _spoiled(request: web.Request, handler: Handler) -> web.StreamResponse:
    fault = world_of(request).faults.strike("api", endpoint_of(request))
    if fault is None:
        return await _answered(request, handler)
    return await spoil(API, fault, request, lambda: _answered(request, handler))


async def _checked(request: web.Request, handler: Handler, endpoint: str) -> web.StreamResponse:
    world = world_of(request)
    try:
        headers = world.limits.take(endpoint, request.remote or "")
    except ApiError as error:
        return refusal(error)
    fault = world.faults.strike("api", endpoint)
    if fault is None:
        answer = await _served(request, handler, endpoint)
    else:
        answer = await spoil(API, fault, request, lambda: _served(request, handler, endpoint))
    answer.headers.update(headers)
    return answer


async def _served(request: web.Request, handler: Handler, endpoint: str) -> web.StreamResponse:
    if endpoint not in OPEN and request.match_info.http_exception is None:
        try:
            request[CALLER] = admit(request, endpoint)
        except ApiError as error:
            return refusal(error)
    return await _answered(request, handler)


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return refusal(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return reply({"code": error.status, "message": f"Cannot {request.method} {request.path}"}, error.status)
    except Exception:
        log.exception("the emulator itself failed at %s %s", request.method, request.path)
        body = {"code": 500, "codeDescription": "INTERNAL_SERVER_ERROR", "message": "Internal server error"}
        return reply(body, 500)
