"""Starts emulators from the command line, says where they listen, and ends on SIGTERM or SIGINT."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from .app import Sandbox

LONGEST_URL = 64 * 1024  # five hundred ids in one query are 20 KB
SHUTDOWN_SECONDS = 0.5


@dataclass(frozen=True)
class Site:
    """An emulator and where it listens. `started` is called with its URL. Port 0: any free one."""

    name: str
    app: web.Application
    host: str
    port: int
    started: Callable[[str], None]


class Taken(Exception):
    """The emulator `name` cannot use an address. The message says which, and why."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


def main(sandbox: Sandbox) -> int:
    """`--host` (127.0.0.1) and `--port` (0: any free one). The exit status is `run`'s."""
    parser = argparse.ArgumentParser(prog=f"python -m sandbox.{sandbox.name}")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: any free one)")
    options = parser.parse_args()
    return run([site_of(sandbox, options.host, options.port)])


def site_of(sandbox: Sandbox, host: str, port: int) -> Site:
    """A small emulator as a site."""
    return Site(sandbox.name, sandbox.app, host, port, sandbox.listens_at)


def run(sites: Sequence[Site], access_log: logging.Logger | None = None) -> int:
    """Serve them all in one event loop until a signal. Returns the exit status: 0, or 1 if an address is taken."""
    try:
        asyncio.run(_serve(sites, access_log))
    except Taken as taken:
        return complain(taken.name, str(taken), 1)
    return 0


def complain(name: str, problem: str, status: int) -> int:
    """Say on standard error why the emulator did not start; returns the exit status."""
    print(f"{name} sandbox: {problem}", file=sys.stderr)
    return status


async def _serve(sites: Sequence[Site], access_log: logging.Logger | None) -> None:
    async with AsyncExitStack() as running:
        for site in sites:
            url = await running.enter_async_context(serving(site, access_log))
            site.started(url)
            print(f"{site.name} sandbox listening on {url}", flush=True)
        await _until_signalled()


@asynccontextmanager
async def serving(site: Site, access_log: logging.Logger | None = None) -> AsyncIterator[str]:
    """Serve one until the end of the block. Returns its URL. Raises Taken."""
    runner = web.AppRunner(
        site.app, access_log=access_log, max_line_size=LONGEST_URL, shutdown_timeout=SHUTDOWN_SECONDS
    )
    try:
        try:
            await runner.setup()
            await web.TCPSite(runner, site.host, site.port).start()
        except OSError as error:
            raise Taken(site.name, f"cannot listen on {site.host}:{site.port}: {error.strerror}") from error
        bound = runner.addresses[0]
        yield f"http://{bound[0]}:{bound[1]}"
    finally:
        await runner.cleanup()


async def _until_signalled() -> None:
    signalled = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signalled.set)
    await signalled.wait()
