"""`python -m sandbox.pluggy`: starts the emulator and says where it listens."""

import asyncio
import logging
import signal
import sys

from aiohttp import web

from . import snapshot
from .app import build
from .options import Options, parse
from .world import WORLD

LONGEST_URL = 64 * 1024  # five hundred ids in one query are 20 KB


async def serve(options: Options, app: web.Application) -> None:
    """Serve until SIGTERM or SIGINT. Prints exactly one line when ready. OSError when the address is taken."""
    access_log = logging.getLogger("access") if options.access_log else None
    runner = web.AppRunner(app, access_log=access_log, max_line_size=LONGEST_URL)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port, shutdown_timeout=1.0)
        await site.start()
        host, port = runner.addresses[0][:2]
        address = f"http://{host}:{port}"
        app[WORLD].base_url = options.public_url or address
        snapshot.resume(app[WORLD])
        print(f"pluggy sandbox listening on {address}", flush=True)
        await _until_told()
    finally:
        await runner.cleanup()


async def _until_told() -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()


def main() -> int:
    """The exit status: 0 after a signal, 1 when the address is taken, 2 for a wrong argument or state file."""
    options = parse()
    logging.basicConfig(level=logging.INFO if options.access_log else logging.WARNING, stream=sys.stderr)
    try:
        app = build(options)
    except (ValueError, OSError) as error:
        return _complain(str(error), 2)
    try:
        asyncio.run(serve(options, app))
    except OSError as error:
        return _complain(f"cannot listen on {options.host}:{options.port}: {error.strerror}", 1)
    return 0


def _complain(trouble: str, status: int) -> int:
    print(f"pluggy sandbox: {trouble}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
