"""Runs of the demo in temporary folders."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest

from embedded import Servers
from embedded.processes import command_line
from ponte_demo import leftovers

ROOT = Path(__file__).resolve().parents[2]
# The demo must not get the tests' own environment: it has its own database and keys.
INHERITED = ("PATH", "HOME", "LANG", "PONTE_PYTHON", "PIP_CONFIG_FILE")

DEAF = ("bash", "-c", "trap '' INT; exec \"$@\"", "bash")


class Demo:
    """A run of scripts/demo with its own `folder`. `deaf`: SIGINT is ignored when it starts."""

    def __init__(self, folder: Path, *arguments: str, deaf: bool = False) -> None:
        self.folder = folder
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self.process = subprocess.Popen(
            [*(DEAF if deaf else ()), ROOT / "scripts" / "demo", *arguments],
            cwd="/",
            # Each web process takes two seconds to start. `.ci/run` runs the demo with the usual number.
            env={**inherited, "PONTE_FOLDER": str(folder), "WEB_CONCURRENCY": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_until_working(self) -> None:
        """Wait until web, worker and beat have logged that they are ready."""
        words = ("Listening at", " ready.", "celery beat")
        wait_for(lambda: self._still_runs() and all(word in self.log() for word in words), what=self.log)

    def _still_runs(self) -> bool:
        assert self.process.poll() is None, self.process.communicate()
        return True

    def log(self) -> str:
        log = self.folder / "demo.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def read_until(self, output: TextIO, words: str) -> str:
        """The lines of stdout or stderr up to the first with these words."""
        lines = ""
        while words not in lines:
            line = output.readline()
            assert line, f"the demo ended early: {lines}"
            lines += line
        return lines

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Send a signal to its process group, as a terminal does. Returns the exit code and stderr."""
        os.killpg(self.process.pid, number)
        _, errors = self.process.communicate(timeout=40)
        return self.process.returncode, errors


@pytest.fixture
def new_folder() -> Iterator[Path]:
    """An empty folder, as a new checkout has it. What it costs, initdb and every migration, is half of a run."""
    with _temporary_folder() as inner:
        yield inner
        _end_everything(inner)


@pytest.fixture
def folder(_folder_of_runs: Path) -> Iterator[Path]:
    """A folder for one run after another, which find the tables and the data of those before them."""
    yield _folder_of_runs
    _end_everything(_folder_of_runs)


@pytest.fixture(scope="session")
def _folder_of_runs() -> Iterator[Path]:
    with _temporary_folder() as inner:
        yield inner


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ponte-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        inner = Path(name) / ".local"
        inner.mkdir()
        yield inner


def _end_everything(folder: Path) -> None:
    """End what a test left running, and forget what it logged."""
    leftovers.end(leftovers.of_folder(folder))
    wait_for(lambda: not guards(folder), 20)
    Servers(folder).stop()
    (folder / "demo.log").unlink(missing_ok=True)


@pytest.fixture
def start_demo() -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def start(folder: Path, *arguments: str, deaf: bool = False) -> Demo:
        started.append(Demo(folder, *arguments, deaf=deaf))
        return started[-1]

    yield start
    for demo in started:
        demo.process.kill()
        demo.process.communicate()


def manage(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/manage for `folder`."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment = {**inherited, "PONTE_FOLDER": str(folder)}
    command = [ROOT / "scripts" / "manage", *arguments]
    return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=180, check=False)


def wait_for(condition: Callable[[], object], seconds: float = 300, what: Callable[[], str] = str) -> None:
    """Wait until it is true. A failure shows what `what` returns."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)


def guards(folder: Path) -> list[str]:
    """The guards of runs in `folder` that still run."""
    lines = [command_line(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [line for line in lines if f"ponte_demo.guard {folder} " in line]


def is_clean(folder: Path) -> bool:
    """Whether no process of a run and no server is left."""
    return not leftovers.marked(leftovers.of_folder(folder)) and not any(Servers(folder).running().values())
