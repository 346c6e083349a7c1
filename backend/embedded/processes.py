"""Finds the processes of a folder. We know a server by its data folder, not by a stored process id: after a reboot or
in a new container another program may have that id.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def working_in(folder: Path) -> set[int]:
    """Ids of the processes of the folder's owner whose working directory is `folder`; no zombies."""
    target = os.path.realpath(folder)
    if not folder.exists():
        return set()
    with _as_owner_of(folder):
        return {pid for pid in _all() if _cwd(pid) == target}


def command_line(pid: int) -> str:
    """The words of a running program, as every user may see them. Empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def started_at(pid: int) -> str | None:
    """A process's start time in kernel ticks: a later process with the same id has another. None if it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def wait_empty(folder: Path, timeout: float) -> bool:
    """Wait until no process works in `folder`."""
    deadline = time.monotonic() + timeout
    while working_in(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def kill_all(folder: Path) -> None:
    """Kill every process that works in `folder`."""
    for pid in working_in(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it has ended by itself
    wait_empty(folder, timeout=10)


@contextmanager
def _as_owner_of(folder: Path) -> Iterator[None]:
    """Act as the folder's owner. In a container root usually lacks CAP_SYS_PTRACE and sees the working directories of
    its own processes only."""
    owner = folder.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        yield
        return
    group = os.getegid()
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)


def _all() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _cwd(pid: int) -> str | None:
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return None
