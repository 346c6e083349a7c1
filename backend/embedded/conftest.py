"""Temporary folders for the tests' servers. Other accounts can reach them, unlike pytest's own."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded import Servers

BACKEND = Path(__file__).resolve().parents[1]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ponte-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        inner = Path(name) / "checkout" / ".local"
        inner.mkdir(parents=True)
        yield inner
        if inner.exists():
            Servers(inner).stop()
