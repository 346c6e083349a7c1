"""Serving the web routes."""

import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI

from plugfn.cli.config import plug_from
from plugfn.errors import ConfigurationError
from plugfn.plug import PlugFn
from plugfn.web.fastapi import plugfn_router

LOOPBACK = ("127.0.0.1", "::1", "localhost")
USER_HEADER = "x-plugfn-user"


@dataclass(frozen=True)
class Doorkeeper:
    """Who makes a request: always `user`, or whom the header X-PlugFn-User names when the bearer token is right."""

    user: str = ""
    token: str = field(default="", repr=False)

    @classmethod
    def chosen(cls, user: str, token_env: str, host: str) -> Self:
        """Exactly one of the two. Raises ConfigurationError, also for a single user on an address others can reach."""
        if bool(user) == bool(token_env):
            raise ConfigurationError("say who calls: --user NAME, or --token-env VARIABLE")
        if user and host not in LOOPBACK:
            raise ConfigurationError("--user lets everybody in who can connect: with it, listen on 127.0.0.1 alone")
        token = os.environ.get(token_env, "") if token_env else ""
        if token_env and len(token) < 32:
            raise ConfigurationError(f"{token_env} must be set, to at least 32 characters")
        return cls(user, token)

    def user_of(self, request: Any) -> str | None:
        """The user's id, or None."""
        if self.user:
            # A page of another site, or a tunnel, comes by another name than this machine's.
            return self.user if request.url.hostname in LOOPBACK else None
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(given.encode(), self.token.encode()):
            return request.headers.get(USER_HEADER) or None
        return None


def serve(path: Path, door: Doorkeeper, host: str, port: int | None) -> None:
    """Until SIGTERM or SIGINT. Raises ConfigurationError."""
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
