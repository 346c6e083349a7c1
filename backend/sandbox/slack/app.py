"""Builds the emulator's application."""

from sandbox.kit.app import Sandbox
from sandbox.kit.background import SENDING, Background

from . import control, methods, oauth
from .world import WORLD, World


def build() -> Sandbox:
    """The emulator with a new world."""
    world = World()
    sandbox = Sandbox("slack", world.begin, lambda: world.switches)
    sandbox.app[WORLD], sandbox.app[SENDING] = world, Background()
    for part in (oauth, control, methods):
        sandbox.app.add_routes(part.ROUTES)
    return sandbox
