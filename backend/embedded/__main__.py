"""`python -m embedded start|stop|status|env --folder .local`: start and stop the servers by hand.

start   starts them and leaves them running       stop    stops them
status  shows which of them run (exit 3: not all)  env     starts them and prints their addresses
"""

import argparse
import shlex
import sys
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.servers import Servers


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="embedded", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("action", choices=list(ACTIONS))
    parser.add_argument("--folder", type=Path, default=Path(".local"), help="where the data is (default: .local)")
    options = parser.parse_args(arguments)
    try:
        return ACTIONS[options.action](Servers(options.folder))
    except (EmbeddedError, OSError) as error:
        print(f"embedded: {error}", file=sys.stderr)
        return 1


def _start(servers: Servers) -> int:
    servers.start()
    servers.keep_mark.touch()
    print(f"embedded: PostgreSQL and Valkey of {servers.folder} are running")
    return 0


def _stop(servers: Servers) -> int:
    if servers.folder.is_dir():
        servers.stop()
    print(f"embedded: PostgreSQL and Valkey of {servers.folder} are stopped")
    return 0


def _status(servers: Servers) -> int:
    running = servers.running()
    for name, up in running.items():
        print(f"{name}: {'running' if up else 'stopped'}")
    return 0 if all(running.values()) else 3


def _env(servers: Servers) -> int:
    environment = servers.start()
    servers.keep_mark.touch()
    for name, value in environment.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


ACTIONS = {"start": _start, "stop": _stop, "status": _status, "env": _env}

if __name__ == "__main__":
    sys.exit(main())
