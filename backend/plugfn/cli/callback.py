"""Where the vendor sends a user of the command line back: one address on this machine, for as long as it is waited."""

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
    """Listens while the body runs; the future is the connection that was made, or why there is none.

    Raises ConfigurationError: users are not sent back to this machine, or something else listens there."""
    where = urlsplit(app_of(plug.providers, provider).redirect_uri(plug.base_url))
    come: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    async def answer(request: Request) -> PlainTextResponse:
        try:
            done = await plug.connections.callback(user_id, provider, dict(request.query_params))
        except InvalidState as error:
            # Whoever can reach this machine can knock here: who waits goes on waiting.
            return PlainTextResponse(f"{error.message}\n", 400)
        except PlugFnError as error:
            _settle(come, error)
            return PlainTextResponse(f"{error.message} {CLOSE}\n", 409)
        _settle(come, done.connection)
        return PlainTextResponse(f"Connected. {CLOSE}\n")

    with _listening(where) as listening:
        app = Starlette(routes=[Route(where.path, answer, methods=["GET"])])
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))
        task = asyncio.create_task(server.serve([listening]))
        try:
            yield come
        finally:
            server.should_exit = True
            await task
            come.cancel()


def _settle(come: "asyncio.Future[Connection]", what: Connection | PlugFnError) -> None:
    if come.done():
        return
    if isinstance(what, PlugFnError):
        come.set_exception(what)
    else:
        come.set_result(what)


def _listening(where: SplitResult) -> socket.socket:
    if where.scheme != "http" or where.hostname not in LOOPBACK:
        raise ConfigurationError(
            "`plugfn connect` needs users sent back to this machine: a base_url such as http://127.0.0.1:8700"
        )
    family = socket.AF_INET6 if ":" in where.hostname else socket.AF_INET
    port = where.port or 80
    try:
        return socket.create_server((where.hostname, port), family=family)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"nothing can listen on port {port} of base_url: {reason}") from None
