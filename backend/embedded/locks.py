"""File locks. The kernel releases them when their owner ends, also when it is killed."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded.errors import EmbeddedError


@contextmanager
def exclusive_lock(path: Path, timeout: float = 120.0, busy: str = "") -> Iterator[None]:
    """Hold the lock file exclusively. Raises EmbeddedError with the text `busy` after `timeout` seconds."""
    descriptor = _open(path)
    try:
        _wait(
            descriptor,
            timeout,
            busy or f"another program still starts or stops the servers (lock {path}): try again",
        )
        yield
    finally:
        os.close(descriptor)


class Holder:
    """One of the programs that use a running server. The last one may stop it."""

    def __init__(self, path: Path) -> None:
        self._descriptor = _open(path)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Whether no other program holds it. Call this only under the start lock, so that none can join meanwhile."""
        if not _try(self._descriptor):
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
            return False
        return True

    def release(self) -> None:
        os.close(self._descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(descriptor: int, timeout: float, busy: str) -> None:
    deadline = time.monotonic() + timeout
    while not _try(descriptor):
        if time.monotonic() > deadline:
            raise EmbeddedError(busy)
        time.sleep(0.05)
