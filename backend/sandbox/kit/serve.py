"""Starts an emulator from the command line, says where it listens, and ends on SIGTERM or SIGINT."""

import argparse
import asyncio
import signal
import sys

from aiohttp import web

from .app import Sandbox


def main(sandbox: Sandbox) -> int:
    """`--host` (127.0.0.1) and `--port` (0: any free one). The exit status: 0 after a signal, 1: address taken."""
    parser = argparse.ArgumentParser(prog=f"python -m sandbox.{sandbox.name}")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: any free one)")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(sandbox, options.host, options.port))
    except OSError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(sandbox: Sandbox, host: str, port: int) -> None:
    runner = web.AppRunner(sandbox.app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, shutdown_timeout=0.5).start()
        bound = runner.addresses[0]
        sandbox.url = f"http://{bound[0]}:{bound[1]}"
        print(f"{sandbox.name} sandbox listening on {sandbox.url}", flush=True)
        await _until_told()
    finally:
        await runner.cleanup()


async def _until_told() -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
