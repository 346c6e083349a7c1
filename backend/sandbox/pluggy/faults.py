"""The kinds of faults: in an answer of the API, each with its effect, and in the delivery of a webhook."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from sandbox.kit.effects import Effect, Serve, delay, reset
from sandbox.kit.faults import Fault

from .auth import admit
from .errors import ApiError, unauthorized
from .wire import JSON_TYPE, refusal, reply
from .world import world_of

HANG_SECONDS = 30.0


async def hang(fault: Fault, _request: web.Request, serve: Serve) -> web.StreamResponse:
    """The true answer, later than most clients wait for."""
    await asyncio.sleep(fault.seconds or HANG_SECONDS)
    return await serve()


async def truncate(_fault: Fault, _request: web.Request, serve: Serve) -> web.StreamResponse:
    """The first half of the true answer, with a matching Content-Length."""
    answer = await serve()
    whole = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b'{"res'
    return web.Response(body=whole[: max(1, len(whole) // 2)], status=answer.status, content_type=JSON_TYPE)


async def expire_key(_fault: Fault, request: web.Request, _serve: Serve) -> web.StreamResponse:
    """The caller's key expires now."""
    world = world_of(request)
    try:
        world.revoked.add(admit(request, "GET /connectors").token_id)
    except ApiError as error:
        return refusal(error)
    return refusal(unauthorized(world.switches.unauthorized_status))


async def too_many(fault: Fault, _request: web.Request, _serve: Serve) -> web.StreamResponse:
    """429 with Retry-After."""
    answer = reply({"code": 429, "message": "Too many requests. Please try again later"}, 429)
    answer.headers["Retry-After"] = str(fault.retry_after)
    return answer


async def bad_gateway(_fault: Fault, _request: web.Request, _serve: Serve) -> web.StreamResponse:
    """502 in HTML, as a proxy writes it."""
    page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
    return web.Response(text=page, status=502, content_type="text/html")


async def fail(fault: Fault, _request: web.Request, _serve: Serve) -> web.StreamResponse:
    """The status that the kind names (for `error`: the fault's own), and the fault's body if it has one."""
    status = fault.status if fault.kind == "error" else int(fault.kind)
    return reply(
        fault.body or {"code": status, "codeDescription": "INTERNAL_SERVER_ERROR", "message": "Broken"}, status
    )


API: Mapping[str, Effect] = {
    "429": too_many, "500": fail, "502": bad_gateway, "503": fail, "error": fail, "hang": hang, "latency": delay,
    "truncate": truncate, "reset": reset, "expired_key": expire_key,
}  # fmt: skip
WEBHOOK = {"drop", "duplicate", "reorder", "delay", "burst", "wrong_secret"}
KINDS = {"api": API, "webhook": WEBHOOK}
