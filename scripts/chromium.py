"""Finds Chromium, installs it where that is possible, and starts it. `python scripts/chromium.py` does the first two.

The tests of the pages, the demo and scripts/screenshots use it. It needs only Python.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Debian's Chromium without a window. It draws the same pages in half the processor time.
WINDOWLESS = "chromium-headless-shell"
PROGRAMS = (WINDOWLESS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Where the commands that install it write; the last lines of it say why one failed.
LOG = Path(__file__).resolve().parents[1] / ".local" / "chromium.log"
# Chromium's own sandbox does not run as root. We open our own pages alone.
AS_ROOT = ("--no-sandbox",)
START_SECONDS = 60


class Missing(Exception):
    """There is no Chromium. The message has the one command that installs it."""


def find() -> str | None:
    """The path of the first Chromium: PONTE_CHROMIUM, Playwright's own, or one from the PATH."""
    own = os.environ.get("PONTE_CHROMIUM") or _of_playwright()
    return own or next(filter(None, map(shutil.which, PROGRAMS)), None)


def find_or_fail() -> str:
    """Raises Missing."""
    if found := find():
        return found
    raise Missing(f"the pages are tested in Chromium, and there is none: run `{command_for_people()}`")


def command_for_people() -> str:
    """The one command that installs it here."""
    if shutil.which("apt-get"):
        return f"{'' if os.geteuid() == 0 else 'sudo '}{_apt_line()}"
    return f"{sys.executable} -m playwright install chromium"


def install() -> str | None:
    """Install it without a question, as root by the system's packages, else by Playwright. Its path, or None."""
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        for command in _commands():
            print(f"  installing Chromium: {command}", file=sys.stderr, flush=True)
            subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
            if found := find():
                return found
    return None


def _commands() -> Iterator[str]:
    if shutil.which("apt-get") and os.geteuid() == 0:
        # An older Debian has the second alone.
        for line in dict.fromkeys((_apt_line(WINDOWLESS), _apt_line())):
            yield f"apt-get update && {line}"
    if importlib.util.find_spec("playwright"):
        yield f"{sys.executable} -m playwright install chromium"


def _apt_line(package: str = "chromium") -> str:
    # Ubuntu's package of that name is an empty one, which needs snap.
    if "ID=ubuntu" in _system():
        return f"{sys.executable} -m playwright install --with-deps chromium"
    return f"apt-get install --yes --no-install-recommends {package}"


def _system() -> str:
    file = Path("/etc/os-release")
    return file.read_text() if file.exists() else ""


def _of_playwright() -> str | None:
    """Where Playwright puts its own: one folder for each of its versions."""
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    folder = Path(named) if named else Path.home() / ".cache" / "ms-playwright"
    found = sorted(folder.glob("chromium-*/chrome-linux*/chrome"))
    return str(found[-1]) if found else None


def options() -> list[str]:
    """What every start needs."""
    return list(AS_ROOT) if os.geteuid() == 0 else []


@contextmanager
def started(program: str, folder: Path) -> Iterator[str]:
    """A Chromium without a window, with its profile in `folder`; its debugger's address. Raises RuntimeError."""
    profile = folder / "chromium"
    command = [program, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        [*command, "--hide-scrollbars", *options(), "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{_port(profile / 'DevToolsActivePort', process)}"
    finally:
        process.terminate()
        process.wait(20)


def _port(file: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + START_SECONDS
    while not (file.exists() and file.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("Chromium did not start")
        time.sleep(0.1)
    return int(file.read_text().split()[0])


if __name__ == "__main__":
    # Tests that need it fail with the command, so a machine without it can run all others.
    found = find() or install()
    if not found:
        print(f"chromium: not installed (why: {LOG}); to install it: {command_for_people()}", file=sys.stderr)
