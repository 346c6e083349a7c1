"""Which processes live in a folder. A server is known by its data folder, not by a remembered number: numbers
are given to strangers after a reboot or in a new container.
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
    """The words of a running program, as anybody may see them; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def started_at(pid: int) -> str | None:
    """A process's start time in the kernel's ticks, which tells it from a later one; None when it is gone."""
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
    """End what still works in `folder`, without asking it."""
    for pid in working_in(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it went by itself: that is what was wanted
    wait_empty(folder, timeout=10)


@contextmanager
def _as_owner_of(folder: Path) -> Iterator[None]:
    """In a container root usually lacks CAP_SYS_PTRACE, and sees the working directories of its own processes only: so
    root looks with the eyes of the owner."""
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
