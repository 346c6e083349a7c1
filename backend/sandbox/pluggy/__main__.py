"""`python -m sandbox.pluggy`: starts the emulator and says where it listens."""

import asyncio
import logging
import signal
import sys

from aiohttp import web

from .app import build
from .options import Options, parse
from .world import WORLD, Switches

LONGEST_URL = 64 * 1024  # five hundred ids in one query are 20 KB


async def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT. Prints exactly one line when ready."""
    app = build(options)
    access_log = logging.getLogger("access") if options.access_log else None
    runner = web.AppRunner(app, access_log=access_log, max_line_size=LONGEST_URL)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port, shutdown_timeout=1.0)
        await site.start()
        host, port = runner.addresses[0][:2]
        address = f"http://{host}:{port}"
        app[WORLD].base_url = options.public_url or address
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
    """The exit status: 0 after a signal, 1 when the address is taken, 2 for a wrong argument."""
    options = parse()
    try:
        Switches().turn(options.switches)
    except ValueError as error:
        print(f"pluggy sandbox: {error}", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO if options.access_log else logging.WARNING, stream=sys.stderr)
    try:
        asyncio.run(serve(options))
    except OSError as error:
        print(
            f"pluggy sandbox cannot listen on {options.host}:{options.port}: {error.strerror}",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
