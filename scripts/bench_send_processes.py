"""The processes of `scripts/bench send`: mail server, worker, beat, bare senders, and the processor time they take."""

import os
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Processes that send: of the worker, and bare ones.
SENDERS = 2
READY_SECONDS = 60
# What a step may take beyond its own time.
SLACK_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")

Environment = Mapping[str, str]


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Ends the measurement if the condition does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"bench: {what} took longer than {seconds:.0f} s: see .local/bench-send-*.log")
        time.sleep(0.1)


class Spawned:
    """A process with a group of its own, whose pipes are read with a time limit."""

    def __init__(self, command: Sequence[str], environment: Environment, log: str, *, talks: bool) -> None:
        with (ROOT / ".local" / f"bench-send-{log}.log").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                # Nobody would empty the pipe of one that does not talk with us.
                stdout=subprocess.PIPE if talks else output,
                stderr=output,
                start_new_session=True,
            )
        self.pid, self._name = self._process.pid, log

    def line(self, seconds: float) -> str:
        """The next line that it prints. Ends the measurement if none comes in time."""
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        text = self._process.stdout.readline().decode().strip() if ready else ""
        if not text:
            sys.exit(f"bench: {self._name} did not answer: see .local/bench-send-*.log")
        return text

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def send_signal(self, number: signal.Signals) -> None:
        """To it and to all processes that it started."""
        os.killpg(self.pid, number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Idempotent. What does not end is killed."""
        if self._process.poll() is None:
            self.send_signal(number)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.send_signal(signal.SIGKILL)
            self._process.wait(30)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """It does nothing meanwhile."""
        self.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send_signal(signal.SIGCONT)


@contextmanager
def spawned(command: Sequence[str], environment: Environment, log: str, *, talks: bool = True) -> Iterator[Spawned]:
    process = Spawned(command, environment, log, talks=talks)
    try:
        yield process
    finally:
        process.end()


@contextmanager
def mail_server(folder: Path, environment: Environment) -> Iterator[tuple[int, Spawned]]:
    """Yields its port. Each mail's Message-ID becomes a line of folder/mails."""
    folder.mkdir(parents=True, exist_ok=True)
    with spawned(["scripts/bench_send_sink.py", str(folder)], environment, "sink") as process:
        yield int(process.line(READY_SECONDS)), process


def procfile(name: str, environment: Environment) -> AbstractContextManager[Spawned]:
    """A process of the Procfile, such as the worker."""
    line = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith(f"{name}: "))
    command = line.partition(": ")[2].replace("${WORKER_CONCURRENCY:-4}", str(SENDERS))
    command = command.replace("${LOG_LEVEL:-INFO}", "INFO")
    return spawned(["-m", *shlex.split(command)], environment, name, talks=False)


class Bare:
    """Processes that only send."""

    def __init__(self, processes: Sequence[Spawned]) -> None:
        self._processes = processes
        for process in processes:
            process.line(READY_SECONDS)

    def send(self, seconds: float) -> int:
        """Send for so long. Returns the number of mails."""
        for process in self._processes:
            process.tell(str(seconds))
        return sum(int(process.line(seconds + SLACK_SECONDS)) for process in self._processes)

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes]


@contextmanager
def bare(port: int, environment: Environment) -> Iterator[Bare]:
    command = ["scripts/bench_send_bare.py", str(port)]
    with ExitStack() as stack:
        yield Bare([stack.enter_context(spawned(command, environment, "bare")) for _ in range(SENDERS)])


def processor_seconds(pids: Sequence[int]) -> float:
    """What these processes, and all that they ever started, have computed."""
    return sum(map(_own_seconds, _with_children(pids)))


def parent_of(pid: int) -> int:
    return int(_stat(pid)[1])


def _with_children(pids: Sequence[int]) -> set[int]:
    family = set(pids)
    parents = {int(entry.name): _stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    while more := {pid for pid, stat in parents.items() if stat and int(stat[1]) in family} - family:
        family |= more
    return family


def _own_seconds(pid: int) -> float:
    """With those of its children that have ended."""
    return sum(map(int, _stat(pid)[11:15])) / _TICKS


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
