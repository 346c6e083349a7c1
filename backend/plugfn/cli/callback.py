"""The OAuth callback of `plugfn connect`: a small web server on this machine that runs until the user comes back."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import SplitResult, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from plugfn.cli.doorkeeper import LOOPBACK
from plugfn.connection import Connection
from plugfn.errors import ConfigurationError, InvalidState, PlugFnError
from plugfn.oauth.app import app_of
from plugfn.plug import PlugFn

CLOSE = "You can close this page."


@asynccontextmanager
async def called_back(plug: PlugFn, provider: str, user_id: str) -> AsyncIterator["asyncio.Future[Connection]"]:
    """Listens while the body runs. The future gives the new connection, or raises why there is none.

    Raises ConfigurationError: base_url is not on this machine, or its port is in use."""
    where = urlsplit(app_of(plug.providers, provider).redirect_uri(plug.base_url))
    connected: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    async def answer(request: Request) -> PlainTextResponse:
        try:
            done = await plug.connections.callback(user_id, provider, dict(request.query_params))
        except InvalidState as error:
            # Any program on this machine can send such a request, so the command keeps waiting for the user.
            return PlainTextResponse(f"{error.message}\n", 400)
        except PlugFnError as error:
            _settle(connected, error)
            return PlainTextResponse(f"{error.message} {CLOSE}\n", 409)
        _settle(connected, done.connection)
        return PlainTextResponse(f"Connected. {CLOSE}\n")

    with _listening(where) as listening:
        app = Starlette(routes=[Route(where.path, answer, methods=["GET"])])
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))
        task = asyncio.create_task(server.serve([listening]))
        try:
            yield connected
        finally:
            server.should_exit = True
            await task
            connected.cancel()


def _settle(connected: "asyncio.Future[Connection]", outcome: Connection | PlugFnError) -> None:
    if connected.done():
        return
    if isinstance(outcome, PlugFnError):
        connected.set_exception(outcome)
    else:
        connected.set_result(outcome)


def _listening(where: SplitResult) -> socket.socket:
    if where.scheme != "http" or where.hostname not in LOOPBACK:
        raise ConfigurationError(
            "`plugfn connect` must receive the callback on this machine: set base_url to one such as http://127.0.0.1:8700"
        )
    family = socket.AF_INET6 if ":" in where.hostname else socket.AF_INET
    port = where.port or 80
    try:
        return socket.create_server((where.hostname, port), family=family)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"cannot listen on port {port} of base_url: {reason}") from None
