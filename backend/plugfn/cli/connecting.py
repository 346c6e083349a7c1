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
    """How to connect: for whom, under what label, with which credentials ("" to ask), waiting how many seconds."""

    user_id: str
    label: str
    credentials: str
    browser: bool
    wait: int


async def connect(plug: PlugFn, name: str, way: Way) -> Connection:
    """A new connection. Raises PlugFnError."""
    provider = plug.providers.get(name)
    if isinstance(provider.auth, OAuth2):
        return await _at_the_vendor(plug, provider, way)
    given = params_from(way.credentials) if way.credentials else _asked(provider)
    return await plug.connections.create(way.user_id, name, given, label=way.label)


def _asked(provider: Provider) -> dict[str, Any]:
    """Asks for each credential; those that are secret are not shown. Empty answers are left out."""
    if not sys.stdin.isatty():
        raise InvalidCall("no terminal to ask for credentials: give --credentials", code="no_terminal")
    given = {}
    for name, one in provider.credentials.model_json_schema().get("properties", {}).items():
        secret = one.get("format") == "password"
        if answer := typer.prompt(name, default="", show_default=False, hide_input=secret, err=True):
            given[name] = answer
    return given


async def _at_the_vendor(plug: PlugFn, provider: Provider, way: Way) -> Connection:
    """Sends the user to the vendor's page, and waits for the vendor to send them back."""
    called_back = part("plugfn.cli.callback:called_back", "cli")
    async with called_back(plug, provider.name, way.user_id) as come:
        url = await plug.connections.authorization_url(way.user_id, provider.name)
        err.print(f"Open this page and allow the access:\n\n{url}\n", markup=False, soft_wrap=True)
        if way.browser:
            webbrowser.open(url)
        with err.status("Waiting for you to come back …"):
            made = await _patiently(come, way.wait)
    return await plug.connections.rename(made.id, way.user_id, way.label) if way.label else made


async def _patiently(come: "asyncio.Future[Connection]", seconds: int) -> Connection:
    try:
        async with asyncio.timeout(seconds):
            return await come
    except TimeoutError:
        raise InvalidCall(f"nobody came back within {seconds} seconds", code="nobody_came") from None
