"""What a fault does to an answer. An effect may serve the request, and returns the answer to send."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from .faults import Fault

Serve = Callable[[], Awaitable[web.StreamResponse]]
Effect = Callable[[Fault, web.Request, Serve], Awaitable[web.StreamResponse]]

LONGEST_HANG = 60.0


async def delay(fault: Fault, _request: web.Request, serve: Serve) -> web.StreamResponse:
    """The true answer, `seconds` late."""
    await asyncio.sleep(fault.seconds)
    return await serve()


async def reset(_fault: Fault, request: web.Request, _serve: Serve) -> web.StreamResponse:
    """The connection breaks."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


async def answer(fault: Fault, _request: web.Request, _serve: Serve) -> web.StreamResponse:
    """The fault's own `status`, `headers` and `body`: text as it is, anything else as JSON."""
    if isinstance(fault.body, str):
        return web.Response(status=fault.status, text=fault.body, headers=fault.headers)
    return web.json_response(fault.body, status=fault.status, headers=fault.headers)


async def hang(fault: Fault, request: web.Request, serve: Serve) -> web.StreamResponse:
    """No answer for `seconds`; then the connection breaks."""
    await asyncio.sleep(min(fault.seconds or LONGEST_HANG, LONGEST_HANG))
    return await reset(fault, request, serve)


async def truncate(fault: Fault, request: web.Request, serve: Serve) -> web.StreamResponse:
    """The connection breaks in the middle of an answer."""
    started = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await started.prepare(request)
    await started.write(b'{"half": "an ans')
    return await reset(fault, request, serve)


EFFECTS: Mapping[str, Effect] = {
    "answer": answer,
    "hang": hang,
    "reset": reset,
    "truncate": truncate,
    "latency": delay,
}


async def spoil(effects: Mapping[str, Effect], fault: Fault, request: web.Request, serve: Serve) -> web.StreamResponse:
    """The answer as the fault leaves it. With `after` the request takes effect first."""
    if not fault.after:
        return await effects[fault.kind](fault, request, serve)
    served = await serve()

    async def again() -> web.StreamResponse:
        return served

    return await effects[fault.kind](fault, request, again)
