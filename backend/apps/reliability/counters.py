"""The folder of the web processes' counters. Each process writes its own files, and /metrics adds them up.

The folder is in memory. The server locks it for as long as it runs. A killed server leaves its folder behind, and the
next server to start removes it. This module imports neither Django nor prometheus_client, because gunicorn imports it
before they may be imported.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - each folder in it is private
PREFIX = "ponte-metrics-"
LOCK = "held"
# A folder younger than this may not have its lock yet.
YOUNG_SECONDS = 60


def new_name() -> Path:
    """A path for a new folder, which this function does not create."""
    parent = MEMORY if os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    return parent / f"{PREFIX}{secrets.token_hex(8)}"


def begin(folder: Path, *, empty: bool) -> int:
    """Create and lock the folder; `empty` deletes old counters. Returns a descriptor; closing it ends the lock."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    if empty:
        for file in folder.glob("*.db"):
            file.unlink(missing_ok=True)
    if _is_temporary(folder):
        _remove_abandoned(folder.parent)
    return lock


def end(folder: Path) -> None:
    """Delete the folder when the server ends. A folder that PROMETHEUS_MULTIPROC_DIR named stays."""
    if _is_temporary(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _is_temporary(folder: Path) -> bool:
    return folder.name.startswith(PREFIX)


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    try:
        status = folder.stat(follow_symlinks=False)
        if status.st_uid != os.getuid() or time.time() - status.st_mtime < YOUNG_SECONDS:
            return False
        return _can_be_locked(folder / LOCK)
    except OSError:  # another user's folder, or deleted meanwhile
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
