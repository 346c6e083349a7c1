"""Serving the web routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI

from plugfn.cli.config import plug_from
from plugfn.cli.doorkeeper import Doorkeeper
from plugfn.plug import PlugFn
from plugfn.web.fastapi import plugfn_router


def serve(path: Path, door: Doorkeeper, host: str, port: int | None) -> None:
    """Serves until SIGTERM or SIGINT. Raises ConfigurationError."""
    plug = plug_from(path, auth=door.user_of)
    uvicorn.run(_app(plug), host=host, port=port or _port(plug.base_url), log_level="info", access_log=False)


def _app(plug: PlugFn) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with plug:
            yield

    app = FastAPI(title="PlugFn", lifespan=lifespan)
    app.include_router(plugfn_router(plug), prefix=urlsplit(plug.base_url).path.rstrip("/"))
    return app


def _port(base_url: str) -> int:
    parts = urlsplit(base_url)
    return parts.port or (443 if parts.scheme == "https" else 80)
