"""A warm pytest session: the tests are collected and the database is made once, and each mutant gets a fork of it."""

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

from ponte_mutation.mutants import Mutant
from ponte_mutation.transplant import transplant

BACKEND = Path(__file__).parents[2] / "backend"


@dataclass
class Outcome:
    """How one run of the tests ended: the first test that failed ("" if none did) and why, and each test's seconds."""

    killer: str = ""
    why: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(eq=False)
class Warm:
    """The plugin for pytest. When the tests are collected, it calls `work` instead of running them."""

    work: Callable[["Warm"], None]
    session: pytest.Session = field(init=False)
    # The tests in the order in which they are tried: those that killed most mutants first, then the quickest.
    kills: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    files: Sequence[str] = ()
    why: str = ""

    def choose(self, files: Sequence[str]) -> None:
        """Run the tests of these files alone from now on; of all files if there are none."""
        self.files = files

    def pytest_configure(self) -> None:
        """A failing example need not be made smaller, and each mutant gets the same examples."""
        from hypothesis import Phase, settings  # noqa: PLC0415 - not before pytest has its plugins

        settings.register_profile("mutate", phases=[Phase.explicit, Phase.generate], derandomize=True, database=None)
        settings.load_profile("mutate")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Make the database, and do the work."""
        self.session = session
        if session.testsfailed:
            raise pytest.UsageError("the tests cannot be collected")
        self._warm_up()
        self.work(self)
        return True

    def _warm_up(self) -> None:
        """Run one empty test in this process: the fixtures of the session stay for all forks."""

        @pytest.mark.django_db
        def warm() -> None:
            """Needs a database, and nothing else."""

        parent = self.session.items[0].parent
        while not isinstance(parent, pytest.Module):
            parent = parent.parent if parent else None
        first = pytest.Function.from_parent(parent, name="warm", callobj=warm)
        first.config.hook.pytest_runtest_protocol(item=first, nextitem=self.session.items[0])
        self._close_connections()

    def _close_connections(self) -> None:
        from django.db import connections  # noqa: PLC0415 - pytest's configuration starts Django

        connections.close_all()

    def run(self, mutants: Sequence[Mutant], limit: float) -> Outcome:
        """Run the tests on these mutants in a fork, until one fails or `limit` seconds are over."""
        reading, writing = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(reading)
            self._run_here(mutants, writing)
        os.close(writing)
        try:
            outcome = self._outcome(_lines(reading, time.monotonic() + limit))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
        if outcome.killer in ("timeout", "died"):
            self._clean_up()
        if outcome.killer:
            self.kills[outcome.killer] = self.kills.get(outcome.killer, 0) + 1
        return outcome

    def _outcome(self, lines: Iterator[str]) -> Outcome:
        outcome = Outcome(killer="died")
        for line in lines:
            said = json.loads(line)
            if "seconds" in said:
                outcome.seconds[said["test"]] = said["seconds"]
            outcome.killer, outcome.why = said.get("killer", outcome.killer), said.get("why", "")
        return outcome

    def _run_here(self, mutants: Sequence[Mutant], writing: int) -> None:
        """The child: never returns."""
        os.setpgid(0, 0)
        silent = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(silent, descriptor)
        reporter = self.session.config.pluginmanager.getplugin("terminalreporter")
        reporter._tw._file = sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - open until the fork ends
        pipe = os.fdopen(writing, "w", buffering=1)

        def say(**words: object) -> None:
            pipe.write(json.dumps(words) + "\n")

        try:
            for mutant in mutants:
                transplant(_module(mutant.module), mutant.source)
            say(killer=self._first_failure(say), why=self.why)
        except BaseException as error:  # noqa: BLE001 - a mutant that cannot be imported is noticed by every test
            say(killer=f"import: {error!r}")
        pipe.close()
        os._exit(0)

    def _first_failure(self, say: Callable[..., None]) -> str:
        chosen = [test for test in self.session.items if not self.files or str(test.path) in self.files]
        tests = sorted(chosen, key=lambda test: self._rank(test.nodeid))
        # The empty test has left the fixtures of its module, because a module's tests usually follow one another.
        self.session._setupstate.teardown_exact(tests[0])
        for number, test in enumerate(tests):
            began = time.monotonic()
            following = tests[number + 1] if number + 1 < len(tests) else self.session.items[0]
            test.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
            say(test=test.nodeid, seconds=time.monotonic() - began)
            if self.session.testsfailed:
                return str(test.nodeid)
        return ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember why a test failed."""
        if report.failed:
            self.why = report.longreprtext

    def _rank(self, test: str) -> tuple[int, float]:
        return -self.kills.get(test, 0), self.seconds.get(test, 0.0)

    def _clean_up(self) -> None:
        """After a run that was killed: undo its settings, end its sessions, and give the tables their rows back."""
        from django.db import connection, connections  # noqa: PLC0415 - pytest's configuration starts Django
        from django.test import TransactionTestCase  # noqa: PLC0415 - the same
        from pytest_django.plugin import blocking_manager_key  # noqa: PLC0415 - a plugin that pytest imports

        with psycopg.connect(**connections["owner"].get_connection_params(), autocommit=True) as owner:
            owner.execute(f'ALTER DATABASE "{owner.info.dbname}" RESET ALL')
        with psycopg.connect(**connection.get_connection_params(), autocommit=True) as session:
            session.execute(
                "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
            )
        with self.session.config.stash[blocking_manager_key].unblock():
            # backend/conftest.py has replaced it: it restores what migrations wrote, too.
            TransactionTestCase._fixture_teardown(None)  # type: ignore[attr-defined] # Django's types leave it out
            self._close_connections()


def _lines(reading: int, deadline: float) -> Iterator[str]:
    """The child's lines, until it ends; the last one says "timeout" if it does not."""
    rest = b""
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            yield json.dumps({"killer": "timeout"})
            break
        chunk = os.read(reading, 65536)
        if not chunk:
            break
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.decode() for line in lines)
    os.close(reading)


def _module(path: Path) -> ModuleType:
    return importlib.import_module(".".join(path.relative_to(BACKEND).with_suffix("").parts).removesuffix(".__init__"))
