"""Finds the processes of a run by a mark in their environment, which all children inherit: `folder#run`."""

import os
import signal
import time
from pathlib import Path

MARK = "PONTE_RUN"
GRACE_SECONDS = 5.0


def of_folder(folder: Path) -> str:
    """The prefix of the marks of all runs in `folder`."""
    return f"{folder}#"


def marked(mark: str) -> set[int]:
    """Ids of the other processes of one run, or of all runs in a folder. Zombies, without environment, are left out."""
    wanted = f"{MARK}={mark}".encode()
    whole = not mark.endswith("#")
    return {pid for pid in _others() if any(_is(entry, wanted, whole) for entry in _environment(pid).split(b"\0"))}


def end(mark: str, grace: float = GRACE_SECONDS) -> set[int]:
    """End them all: SIGTERM first, SIGKILL after `grace` seconds. Returns the ids found."""
    found = marked(mark)
    _signal(found, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while marked(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    while left := marked(mark):
        _signal(left, signal.SIGKILL)
        time.sleep(0.02)
    return found


def _is(entry: bytes, wanted: bytes, whole: bool) -> bool:
    return entry == wanted if whole else entry.startswith(wanted)


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue  # it has ended meanwhile


def _others() -> set[int]:
    numbers = (entry.name for entry in Path("/proc").iterdir())
    return {int(name) for name in numbers if name.isdigit()} - _own_line()


def _own_line() -> set[int]:
    """This process and its ancestors. They may have the mark too, and must not be ended."""
    line, pid = set(), os.getpid()
    while pid > 0:
        line.add(pid)
        pid = _parent(pid)
    return line


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
