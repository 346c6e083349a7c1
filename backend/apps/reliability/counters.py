"""The folder in which web processes count: each in files of its own, which whoever is asked for /metrics adds up.

It lies in memory, and is held by a lock for as long as its server lives: a server that was killed leaves its folder
behind, and the next one to start clears it away. Django and prometheus_client are not imported here: gunicorn reads
this before either may be.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108
OURS = "ponte-metrics-"
LOCK = "held"
# A folder so young may not have its lock yet.
YOUNG_SECONDS = 60


def new_name() -> Path:
    """A folder that is not there yet, and is not made yet either."""
    parent = MEMORY if os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    return parent / f"{OURS}{secrets.token_hex(8)}"


def begin(folder: Path, *, afresh: bool) -> int:
    """Make and hold the folder; `afresh` empties it. Returns the lock, to be kept open by who serves."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    if afresh:
        for file in folder.glob("*.db"):
            file.unlink(missing_ok=True)
    if is_ours(folder):
        _clear_left_behind(folder.parent)
    return lock


def end(folder: Path) -> None:
    """The server ends in good order: leave nothing of our own behind. A folder that was given stays."""
    if is_ours(folder):
        shutil.rmtree(folder, ignore_errors=True)


def is_ours(folder: Path) -> bool:
    """Whether we named it."""
    return folder.name.startswith(OURS)


def _clear_left_behind(parent: Path) -> None:
    for folder in parent.glob(f"{OURS}*"):
        if _is_left_behind(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_left_behind(folder: Path) -> bool:
    try:
        about = folder.stat(follow_symlinks=False)
        if about.st_uid != os.getuid() or time.time() - about.st_mtime < YOUNG_SECONDS:
            return False
        return _can_be_locked(folder / LOCK)
    except OSError:  # somebody else's, or gone meanwhile
        return False


def _can_be_locked(file: Path) -> bool:
    if not file.exists():
        return True
    lock = os.open(file, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
