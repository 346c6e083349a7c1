"""Installs a lock into .venv: `install.py demo` or `install.py dev`. `install.py uv …` runs uv itself.

uv downloads and unpacks at once what pip does one by one. pip brings it as a wheel, and where there is no wheel pip
installs everything. Both use the package indexes that pip is configured with. It needs only Python.
"""

import ast
import fcntl
import itertools
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
TOOLS = ROOT / ".local" / "tools"  # pip and uv, which the programs of .venv do not need
LOG = ROOT / ".local" / "install.log"
UV = TOOLS / "bin" / "uv"
LOCKS = {"demo": "requirements-demo.txt", "dev": "requirements-dev.txt"}
ESCAPES = rb"(?:\x1b\[\d+m)*"
# uv lists all packages after this line, and prints errors in many lines; both are in the log.
LAST_SHOWN = re.compile(rb"Installed [^\n]*\n|(?=%serror%s: |%s  \xc3\x97)" % ((ESCAPES,) * 3))
LONGEST_MATCH = 200
NETWORK = re.compile(rb"client error \(Connect\)|NewConnectionError|ConnectTimeoutError|ProxyError|timed out")
# pip's options and uv's variables for the same.
VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "timeout": "UV_HTTP_TIMEOUT",
    "proxy": "ALL_PROXY",
}


class Failed(Exception):
    """The installation failed. The message says why."""


class NoNetwork(Failed):
    """The package index did not answer."""


def install(level: str) -> None:
    """Make .venv if it is missing, and install the lock of `level` into it. Raises Failed."""
    began = time.monotonic()
    LOG.write_bytes(b"")
    say(f"installing {LOCKS[level]} into .venv (once)")
    with phase("preparing pip, which fetches the installer"):
        prepare_pip()
        _make_venv()
    with phase("fetching uv, the installer (17 MB)"):
        fetched = fetch_uv()
    if not (fetched and _with_uv(LOCKS[level])):
        with phase("installing with pip, because uv does not work here (a few minutes)"):
            _run(_pip("--python", VENV, "install", "--require-hashes", "-r", LOCKS[level]), "the requirements")
    say(f"installed in {time.monotonic() - began:.0f} s")


def prepare_pip() -> None:
    """An environment with pip, which the programs in .venv do not need."""
    python = TOOLS / "bin" / "python"
    if not python.exists() or subprocess.run([python, "-c", "import pip"], capture_output=True, check=False).returncode:
        _run([sys.executable, "-m", "venv", "--clear", TOOLS], "pip")


def fetch_uv() -> bool:
    """Whether uv is there now. Raises NoNetwork if the package index does not answer."""
    try:
        _run(_pip("install", "--only-binary=:all:", "--require-hashes", "-r", "requirements-uv.txt"), "uv")
    except NoNetwork:
        raise
    except Failed:
        return False
    return True


def uv_environment(pip_configuration: str, environment: Mapping[str, str]) -> dict[str, str]:
    """uv's variables for what `pip config list` says. Those that the user has set stay."""
    found: dict[str, str] = {}
    # pip's own order: its environment wins over [install], and that over [global].
    for section in ("global", "install", ":env:"):
        for option, value in re.findall(rf"^{section}\.([a-z-]+)=(.+)$", pip_configuration, re.MULTILINE):
            found[option] = ast.literal_eval(value)
    if "find-links" in found:
        found["find-links"] = ",".join(found["find-links"].split())
    known = {VARIABLES[option]: value for option, value in found.items() if option in VARIABLES}
    # As pip does: the system's certificates, and the best version of all indexes. The lock's hashes decide.
    usual = {"UV_SYSTEM_CERTS": "true", "UV_INDEX_STRATEGY": "unsafe-best-match"}
    return {**usual, **known, **environment}


def _make_venv() -> None:
    """Replaces an incomplete .venv, and one of a checkout that was moved: its programs have the old path."""
    made = VENV / "pyvenv.cfg"
    if not ((VENV / "bin/python").exists() and made.exists() and f" {VENV}\n" in made.read_text()):
        _run([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV], "a virtual environment")


def _with_uv(lock: str) -> bool:
    """Whether uv could install the lock, from its cache if the package index does not answer."""
    command: list[str | Path] = [UV, "pip", "install", "--require-hashes", "-r", lock]
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):  # else each process would compile Django again
        command.append("--compile-bytecode")
    environment = uv_environment(_pip_configuration(), os.environ) | {"VIRTUAL_ENV": str(VENV)}
    return not _shown(command, environment) or not _shown([*command, "--offline"], environment)


def _pip(*arguments: str | Path) -> list[str | Path]:
    return [TOOLS / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]


def _pip_configuration() -> str:
    return subprocess.run(_pip("config", "list"), capture_output=True, text=True, check=True).stdout


def _run(command: list[str | Path], what: str) -> None:
    """Run a program with its output in the log. Raises Failed, and NoNetwork if that is the reason."""
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    with LOG.open("ab") as log:
        log.write(done.stdout)
    if not done.returncode:
        return
    if NETWORK.search(done.stdout) and b"certificate" not in done.stdout.lower():
        raise NoNetwork(f"the package index does not answer: is there a network? (all of it: {LOG})")
    lines = done.stdout.decode(errors="replace").strip().splitlines() or ["it printed no reason"]
    reason = next((line for line in lines if line.startswith("ERROR")), lines[-1])
    raise Failed(f"could not install {what}: {reason} (all of it: {LOG})")


def _shown(command: list[str | Path], environment: Mapping[str, str]) -> int:
    """Run uv and show its progress, but neither its list of packages nor its errors. Returns the exit code."""
    ours, its = _terminal() if sys.stderr.isatty() else os.pipe()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=its, stderr=its)
    os.close(its)
    output = _logged(ours)
    for chunk in until(LAST_SHOWN, output):
        os.write(sys.stderr.fileno(), chunk)
    for _ in output:
        """The rest goes only into the log."""
    os.close(ours)
    return process.wait()


def _terminal() -> tuple[int, int]:
    """Two ends of a terminal as wide as ours: on one uv shows its progress, and we read it from the other."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, fcntl.ioctl(sys.stderr, termios.TIOCGWINSZ, bytes(8)))
    return ours, its


def _logged(descriptor: int) -> Iterator[bytes]:
    """What a pipe or a terminal brings until its other end closes."""
    with LOG.open("ab") as log:
        while True:
            try:
                chunk = os.read(descriptor, 65536)
            except OSError:  # how a terminal says it
                return
            if not chunk:
                return
            log.write(chunk)
            yield chunk


def until(pattern: re.Pattern[bytes], chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks up to the end of the first match, which may begin in an earlier chunk."""
    before = b""
    for chunk in chunks:
        found = pattern.search(before + chunk)
        if found:
            yield chunk[: max(found.end() - len(before), 0)]
            return
        yield chunk
        before = (before + chunk)[-LONGEST_MATCH:]


@contextmanager
def phase(what: str) -> Iterator[None]:
    """Says what is being done, on a terminal with the seconds that it takes."""
    if not sys.stderr.isatty():
        print(f"  {what}", file=sys.stderr, flush=True)
        yield
        return
    began, done = time.monotonic(), threading.Event()

    def show() -> None:
        for sign in itertools.cycle("|/-\\"):
            print(f"\r\033[2K  {what} {sign} {time.monotonic() - began:.0f} s", end="", file=sys.stderr, flush=True)
            if done.wait(0.2):
                return

    moving = threading.Thread(target=show, daemon=True)
    moving.start()
    try:
        yield
    finally:
        done.set()
        moving.join()
        print(f"\r\033[2K  {what}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def say(text: str) -> None:
    print(f"{os.environ.get('PONTE_CALLER', 'setup')}: {text}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # bash starts background processes with it ignored
    try:
        if arguments[:1] == ["uv"]:
            return _run_uv(arguments[1:])
        install(arguments[0])
    except Failed as reason:
        say(str(reason))
        return 1
    except KeyboardInterrupt:
        say("interrupted: the next start continues")
        return 130
    return 0


def _run_uv(arguments: list[str]) -> int:
    LOG.write_bytes(b"")
    prepare_pip()
    if not fetch_uv():
        raise Failed(f"uv has no wheel for this system (all of it: {LOG})")
    return subprocess.run(
        [UV, *arguments], env=uv_environment(_pip_configuration(), os.environ), check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
