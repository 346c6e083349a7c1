"""`python -m ponte_demo.guard FOLDER MARK PID`: cleans up after a runner that was killed.

It has its own session, so that neither Ctrl-C nor a closed terminal reaches it. It ends when everything is clean.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from embedded import Servers
from embedded.processes import started_at
from ponte_demo import leftovers


def start(folder: Path, mark: str) -> None:
    """Start a guard for this process."""
    environment = {name: value for name, value in os.environ.items() if name != leftovers.MARK}
    subprocess.Popen(
        [sys.executable, "-m", "ponte_demo.guard", str(folder), mark, str(os.getpid())],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def watch(folder: Path, mark: str, pid: int) -> None:
    """Wait until process `pid` ends, then end its processes, and the servers if no other program uses them."""
    born = started_at(pid)
    while born is not None and started_at(pid) == born:
        time.sleep(0.3)
    leftovers.end(mark)
    if not folder.is_dir():  # the checkout was removed after the run ended
        return
    servers = Servers(folder)
    servers.stop_if_unused(servers.hold())


if __name__ == "__main__":
    watch(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
