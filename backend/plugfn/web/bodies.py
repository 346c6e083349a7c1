"""The JSON bodies of requests."""

from typing import Any

from pydantic import Field

from plugfn.definition import Model


class Authorize(Model):
    """Starts an OAuth connection. `redirect_after`: a path of your site to return to, beginning with /.

    `connection_id`: the connection to renew."""

    redirect_after: str = Field(default="", max_length=2000)
    scopes: tuple[str, ...] | None = Field(default=None, max_length=100)
    connection_id: str | None = Field(default=None, max_length=64)


class Connect(Model):
    """Connects with typed credentials."""

    provider: str = Field(max_length=50)
    credentials: dict[str, Any]
    label: str = Field(default="", max_length=200)


class CallAction(Model):
    """Runs an action."""

    params: dict[str, Any] = {}
    connection_id: str | None = Field(default=None, max_length=64)
