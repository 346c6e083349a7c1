"""Fixtures for tests of the command line: a folder with settings, and its commands in this process.

A process of its own takes a second to begin. The tests that need one, to interrupt it or to close its pipe, start it.
"""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from plugfn.cli import main, output
from plugfn.crypto import new_key

BACKEND = Path(__file__).resolve().parents[2]
TOKEN = "a-token-for-this-test-alone-of-some-length"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a plugfn.toml whose HTTP provider may reach the loopback."""
    config = """
encryption_key = { env = "PLUGFN_ENCRYPTION_KEY" }
database = "sqlite:///plugfn.db"
base_url = "http://127.0.0.1:8700/integrations"
allowed_networks = ["127.0.0.0/8"]

[integrations.http]
allow_http = true
"""
    (tmp_path / "plugfn.toml").write_text(config)
    return tmp_path


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment of the commands."""
    own = {"PYTHONPATH": str(BACKEND), "PLUGFN_ENCRYPTION_KEY": new_key(), "PLUGFN_TOKEN": TOKEN}
    return {**os.environ, **own, "NO_COLOR": "1", "COLUMNS": "200"}


@pytest.fixture
def run(
    folder: Path, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`run("call", "http.webhooks.send", "-p", "-", given="{}")`: a command's status, and what it printed."""

    def plugfn(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            for name, value in environment.items():
                patch.setenv(name, value)
            for console in (output.out, output.err):
                patch.setattr(console, "width", 200)
            patch.setattr(sys, "argv", ["plugfn", *arguments])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
            capsys.readouterr()
            with pytest.raises(SystemExit) as end:
                main()
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(end.value.code or 0), printed.out, printed.err)

    return plugfn
