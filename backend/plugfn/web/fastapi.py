"""FastAPI: `app.include_router(plugfn_router(plug), prefix="/integrations")`."""

from collections.abc import Awaitable, Callable

from plugfn.extras import needs
from plugfn.plug import PlugFn
from plugfn.web.core import METHODS, Web
from plugfn.web.messages import BROKEN_OFF, TOO_LARGE, Request, Response

with needs("fastapi"):
    from fastapi import APIRouter
    from fastapi import Request as FastAPIRequest
    from fastapi import Response as FastAPIResponse
    from starlette.requests import ClientDisconnect


def plugfn_router(plug: PlugFn) -> APIRouter:
    """A router with every route of plugfn.web.core, also in the OpenAPI document. `auth` gets FastAPI's request."""
    web, router = Web(plug), APIRouter(tags=["plugfn"])
    for pattern, routes in web.paths.items():
        path, endpoint = pattern.replace("{rest}", "{rest:path}"), _endpoint(web, pattern)
        for route in routes:
            router.add_api_route(
                path,
                endpoint,
                methods=[route.method],
                summary=route.summary,
                operation_id=_operation(route.method, path),
                response_model=None,
            )
        others = [method for method in METHODS if method not in {route.method for route in routes}]
        router.add_api_route(path, endpoint, methods=others, include_in_schema=False, response_model=None)
    return router


def _operation(method: str, path: str) -> str:
    return f"plugfn_{method.lower()}{path.replace('/', '_').replace('{', '').replace('}', '')}"


def _endpoint(web: Web, pattern: str) -> Callable[[FastAPIRequest], Awaitable[FastAPIResponse]]:
    async def endpoint(request: FastAPIRequest) -> FastAPIResponse:
        path = pattern.format(**request.path_params)
        try:
            body = await _read(request, web.most_bytes(path))
        except ClientDisconnect:
            return _converted(BROKEN_OFF)
        if body is None:
            return _converted(TOO_LARGE)
        return _converted(await web.handle(_request(request, path, body)))

    return endpoint


async def _read(request: FastAPIRequest, most: int) -> bytes | None:
    """The raw body; None as soon as it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _request(request: FastAPIRequest, path: str, body: bytes) -> Request:
    # As in WSGI: the values of a repeated header are joined into one.
    headers = {name: ",".join(request.headers.getlist(name)) for name in request.headers}
    return Request(request.method, path, dict(request.query_params), headers, body, request)


def _converted(response: Response) -> FastAPIResponse:
    headers = {**response.headers, "content-type": response.content_type}
    return FastAPIResponse(response.body, response.status, headers)
