"""Builds the emulator's application."""

from aiohttp import web

from sandbox.kit.app import Sandbox
from sandbox.kit.background import SENDING, Background

from . import control, hooks_api, oauth, repos
from .api import error
from .world import WORLD, World


async def _unknown(_request: web.Request) -> web.Response:
    return error(404, "Not Found")


def build() -> Sandbox:
    """The emulator with a new world."""
    world = World()
    sandbox = Sandbox("github", world.begin, lambda: world.switches)
    sandbox.app[WORLD], sandbox.app[SENDING] = world, Background()
    for part in (oauth, repos, hooks_api, control):
        sandbox.app.add_routes(part.ROUTES)
    sandbox.app.add_routes([web.route("*", "/{anything:.*}", _unknown)])
    return sandbox
