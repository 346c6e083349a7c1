"""`python -m sandbox.pluggy`: starts the emulator and says where it listens."""

import logging
import sys

from sandbox.kit.serve import Site, complain, run

from . import snapshot
from .app import build
from .options import parse
from .world import WORLD


def main() -> int:
    """The exit status: 0 after a signal, 1 when the address is taken, 2 for a wrong argument or state file."""
    options = parse()
    logging.basicConfig(level=logging.INFO if options.access_log else logging.WARNING, stream=sys.stderr)
    try:
        app = build(options)
    except (ValueError, OSError) as error:
        return complain("pluggy", str(error), 2)

    def started(url: str) -> None:
        app[WORLD].base_url = options.public_url or url
        snapshot.resume(app[WORLD])

    access_log = logging.getLogger("access") if options.access_log else None
    return run([Site("pluggy", app, options.host, options.port, started)], access_log)


if __name__ == "__main__":
    sys.exit(main())
