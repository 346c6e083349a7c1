"""The processes of a run. honcho starts and stops them together and writes their output to one log."""

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import TextIO

from honcho.manager import Manager
from honcho.printer import Printer


class Group(Manager):
    """Runs until one process ends or a signal arrives, then ends all. Each process has its own session."""

    def __init__(self, output: TextIO) -> None:
        super().__init__(Printer(output))
        self.exited: dict[str, int] = {}
        self._then: Callable[[], None] = _nothing

    def add(self, commands: Mapping[str, str], environment: Mapping[str, str], folder: Path) -> None:
        for name, command in commands.items():
            self.add_process(name, command, env=dict(environment), cwd=str(folder))

    def run(self, then: Callable[[], None]) -> None:
        """Blocks. Calls `then` once all processes have started. A closed terminal ends the run, as Ctrl-C does.

        honcho forks this process for each of them. A thread or program that started before would leave its open files
        and locks in every fork, so threads start in `then`.
        """
        self._then = then
        signal.signal(signal.SIGHUP, _as_sigterm)
        self.loop()

    def _start(self) -> None:
        super()._start()
        self._then()

    @property
    def ending(self) -> bool:
        """Whether the processes are being ended, or have ended."""
        return bool(self._terminating)

    def terminate(self) -> None:
        """Called at a signal or when a process ends. `exited`: the exit codes of processes that ended by themselves."""
        if not self._terminating:
            ended = {name: process.get("returncode") for name, process in self._processes.items()}
            self.exited = {name: code for name, code in ended.items() if code is not None}
        super().terminate()


def stop_own_group() -> None:
    """Ask the run of this process to end, from any thread."""
    os.kill(os.getpid(), signal.SIGTERM)


def _nothing() -> None:
    """The default for `then`."""


def _as_sigterm(_number: int, _frame: FrameType | None) -> None:
    stop_own_group()
