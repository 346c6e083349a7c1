"""FastAPI: `app.include_router(plugfn_router(plug), prefix="/integrations")`."""

from collections.abc import Awaitable, Callable

from plugfn.extras import needs
from plugfn.plug import PlugFn
from plugfn.web.core import Web
from plugfn.web.messages import Request, Response, refusal

with needs("fastapi"):
    from fastapi import APIRouter
    from fastapi import Request as FastAPIRequest
    from fastapi import Response as FastAPIResponse


def plugfn_router(plug: PlugFn) -> APIRouter:
    """Every route of plugfn.web.core, in the application's OpenAPI document too. `auth` is given FastAPI's request."""
    web, router = Web(plug), APIRouter(tags=["plugfn"])
    for route in web.routes:
        path = route.path.replace("{rest}", "{rest:path}")
        router.add_api_route(
            path,
            _endpoint(web, route.path),
            methods=[route.method],
            summary=route.summary,
            operation_id=f"plugfn_{route.method.lower()}{path.replace('/', '_').replace('{', '').replace('}', '')}",
            response_model=None,
        )
    return router


def _endpoint(web: Web, pattern: str) -> Callable[[FastAPIRequest], Awaitable[FastAPIResponse]]:
    async def endpoint(request: FastAPIRequest) -> FastAPIResponse:
        path = pattern.format(**request.path_params)
        body = await _read(request, web.most_bytes(path))
        if body is None:
            return _carried(refusal(413, "too_large", "The request is too big."))
        return _carried(await web.handle(_request(request, path, body)))

    return endpoint


async def _read(request: FastAPIRequest, most: int) -> bytes | None:
    """The raw body; None as soon as it is bigger than allowed."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _request(request: FastAPIRequest, path: str, body: bytes) -> Request:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Request(request.method, path, dict(request.query_params), headers, body, request)


def _carried(response: Response) -> FastAPIResponse:
    headers = {**response.headers, "content-type": response.content_type}
    return FastAPIResponse(response.body, response.status, headers)
