"""Connecting from a terminal."""

import asyncio
import sys
import webbrowser
from dataclasses import dataclass
from typing import Any

import typer

from plugfn.cli.output import err
from plugfn.cli.reading import params_from
from plugfn.connection import Connection
from plugfn.definition import OAuth2, Provider
from plugfn.errors import InvalidCall
from plugfn.extras import part
from plugfn.plug import PlugFn


@dataclass(frozen=True)
class Way:
    """How to connect. `credentials`: "" asks for each one. `wait`: seconds to wait for the vendor's redirect."""

    user_id: str
    label: str
    credentials: str
    browser: bool
    wait: int


async def connect(plug: PlugFn, name: str, way: Way) -> Connection:
    """Connects and returns the new connection. Raises PlugFnError."""
    provider = plug.providers.get(name)
    if isinstance(provider.auth, OAuth2):
        return await _at_the_vendor(plug, provider, way)
    credentials = params_from(way.credentials) if way.credentials else _prompted(provider)
    return await plug.connections.create(way.user_id, name, credentials, label=way.label)


def _prompted(provider: Provider) -> dict[str, Any]:
    """Asks for each credential, without echo for secrets. Leaves out empty answers."""
    if not sys.stdin.isatty():
        raise InvalidCall("cannot ask for credentials without a terminal: use --credentials", code="no_terminal")
    answers = {}
    for name, field in provider.credentials.model_json_schema().get("properties", {}).items():
        secret = field.get("format") == "password"
        if answer := typer.prompt(name, default="", show_default=False, hide_input=secret, err=True):
            answers[name] = answer
    return answers


async def _at_the_vendor(plug: PlugFn, provider: Provider, way: Way) -> Connection:
    """Opens the vendor's page and waits for the vendor to redirect the user back."""
    called_back = part("plugfn.cli.callback:called_back", "cli")
    async with called_back(plug, provider.name, way.user_id) as connected:
        url = await plug.connections.authorization_url(way.user_id, provider.name)
        err.print(f"Open this page and allow access:\n\n{url}\n", markup=False, soft_wrap=True)
        if way.browser:
            webbrowser.open(url)
        with err.status("Waiting until the vendor redirects you back …"):
            made = await _wait(connected, way.wait)
    return await plug.connections.rename(made.id, way.user_id, way.label) if way.label else made


async def _wait(connected: "asyncio.Future[Connection]", seconds: int) -> Connection:
    try:
        async with asyncio.timeout(seconds):
            return await connected
    except TimeoutError:
        message = f"the vendor did not redirect you back within {seconds} seconds: pass a larger --wait"
        raise InvalidCall(message, code="nobody_came") from None
