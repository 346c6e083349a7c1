"""`scripts/demo` and `scripts/dev`: reads the options, runs, and returns the exit code."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from embedded import EmbeddedError, Servers, servers
from embedded.locks import exclusive_lock
from ponte_demo import leftovers
from ponte_demo.run import Options, Run, Stopped, prepare
from ponte_demo.show import Show

INTERRUPTED = 130
BUSY = "a demo already runs in this checkout: stop it first (Ctrl-C in its terminal)"


def parse(arguments: list[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Starts every part of Ponte, connects a bank through the Pluggy sandbox, and shows the figures.",
    )
    parser.add_argument(
        "--once", action="store_true", help="stop after showing the figures; exit code 0: everything worked"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object, last on stdout")
    parser.add_argument("--fresh", action="store_true", help="first delete the data of earlier runs")
    parser.add_argument("--dev", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    real = options.dev and bool(os.environ.get("PLUGGY_CLIENT_ID"))
    return Options(once=options.once, as_json=options.json, dev=options.dev, real=real, fresh=options.fresh)


def main() -> int:
    options = parse()
    mark = os.environ[leftovers.MARK]
    folder = Path(mark.rpartition("#")[0])
    started = float(os.environ.get("PONTE_STARTED") or time.time())
    show = Show(as_json=options.as_json)
    # SIGINT too: a script's background processes are started with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return _run(Run(options, folder, mark, show, started))
    except (Stopped, EmbeddedError, OSError) as reason:
        print(f"demo: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(run: Run) -> int:
    run.folder.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(run.folder / "demo.lock", timeout=0.5, busy=BUSY):
        prepare(run.folder, run.mark)
        if run.options.fresh:
            _delete_data(run.folder)
        with servers(run.folder, os.environ) as addresses:
            run.go(addresses)
    if run.options.as_json and run.figures:
        run.show.result(run.figures)
    if run.have_pages_failed():
        raise Stopped("there are errors in the pages: the lines above name them")
    return 0


def _delete_data(folder: Path) -> None:
    if os.environ.get("DATABASE_URL"):
        raise Stopped(
            "--fresh deletes the checkout's own database, but DATABASE_URL names another: empty that one yourself"
        )
    Servers(folder).remove()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """A signal before honcho handles them: raise, so that the servers are stopped on the way out."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
