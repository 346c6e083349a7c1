"""Starts an emulator from the command line, says where it listens, and ends on SIGTERM or SIGINT."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable

from aiohttp import web

from .app import Sandbox

LONGEST_URL = 64 * 1024  # five hundred ids in one query are 20 KB
SHUTDOWN_SECONDS = 0.5


def main(sandbox: Sandbox) -> int:
    """`--host` (127.0.0.1) and `--port` (0: any free one). The exit status is `run`'s."""
    parser = argparse.ArgumentParser(prog=f"python -m sandbox.{sandbox.name}")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: any free one)")
    options = parser.parse_args()
    return run(sandbox.name, sandbox.app, options.host, options.port, sandbox.listens_at)


def run(
    name: str,
    app: web.Application,
    host: str,
    port: int,
    started: Callable[[str], None],
    access_log: logging.Logger | None = None,
) -> int:
    """Serve until a signal. Calls `started` with the URL. Returns the exit status: 0, or 1 if the address is taken."""
    try:
        asyncio.run(_serve(name, app, host, port, started, access_log))
    except OSError as error:
        return complain(name, f"cannot listen on {host}:{port}: {error.strerror}", 1)
    return 0


def complain(name: str, problem: str, status: int) -> int:
    """Say on standard error why the emulator did not start; returns the exit status."""
    print(f"{name} sandbox: {problem}", file=sys.stderr)
    return status


async def _serve(
    name: str,
    app: web.Application,
    host: str,
    port: int,
    started: Callable[[str], None],
    access_log: logging.Logger | None,
) -> None:
    runner = web.AppRunner(app, access_log=access_log, max_line_size=LONGEST_URL)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, shutdown_timeout=SHUTDOWN_SECONDS).start()
        bound = runner.addresses[0]
        url = f"http://{bound[0]}:{bound[1]}"
        started(url)
        print(f"{name} sandbox listening on {url}", flush=True)
        await _until_signalled()
    finally:
        await runner.cleanup()


async def _until_signalled() -> None:
    signalled = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signalled.set)
    await signalled.wait()
