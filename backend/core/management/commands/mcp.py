"""manage.py mcp: the tools for an agent on this machine, over standard input and output."""

import asyncio
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from mcp.server.stdio import stdio_server

from apps.agents.caller import Caller
from apps.agents.identify import identify
from core.mcp.pool import POOL
from core.mcp.server import make_server

VARIABLE = "PONTE_TOKEN"


class Command(BaseCommand):
    help = f"Serve the tools for agents over standard input and output. The token is in {VARIABLE}, or in --token."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--token", default="", help=f"a personal access token; others see it, unlike {VARIABLE}")

    def handle(self, *args: Any, **options: Any) -> None:
        token = options["token"] or os.environ.pop(VARIABLE, "")
        if identify(token, "") is None:
            raise CommandError(f"No valid token: make one at /settings/tokens/, and put it into {VARIABLE}.")
        asyncio.run(_serve(token))


async def _serve(token: str) -> None:
    async def caller(_context: Any) -> Caller:
        # Each time, because the token may have been revoked.
        found = await POOL.run(lambda: identify(token, ""))
        if found is None:
            raise CommandError("The token is not valid any more.")
        return found

    server = make_server(caller)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
