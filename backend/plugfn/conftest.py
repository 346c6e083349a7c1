"""Fixtures of the library's tests: emulators in their own processes, a real PostgreSQL, a real Valkey."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

import embedded
from plugfn.testing.emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


@pytest.fixture
def peer_missing() -> Callable[[str, str], None]:
    """Call it with the peer's name and the reason: it skips the test, and pytest's report at the end says so."""
    return lambda name, reason: pytest.skip(f"NOT RUN: {name}: {reason}")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts this test and the processes that it starts, also where the whole run was started to ignore it.

    A script's background jobs are, and their children inherit it. PlugFn's commands then ignore it too, as they should.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _same_umask() -> Iterator[None]:
    """A command that runs in this process narrows it, and the next tests' folders would be closed to other accounts."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def _emulators() -> Iterator[dict[str, Emulator]]:
    running: dict[str, Emulator] = {}
    yield running
    for emulator in running.values():
        emulator.stop()


@pytest.fixture
def emulator(_emulators: dict[str, Emulator]) -> Callable[[str], Emulator]:
    """`emulator("github")`: the running `python -m sandbox.github`, with a fresh world and no faults."""

    def fresh(name: str) -> Emulator:
        if name not in _emulators:
            _emulators[name] = Emulator(name)
        _emulators[name].reset()
        return _emulators[name]

    return fresh


@pytest.fixture(scope="session")
def _services() -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        yield stack.enter_context(embedded.servers(ROOT / ".local" / "test", os.environ, QUICK))


@pytest.fixture(scope="session")
def postgres_url(_services: dict[str, str]) -> Iterator[str]:
    """An empty database for this run, owned by the role in the URL (no superuser)."""
    name = f"test_plugfn_{uuid4().hex[:12]}"
    owner = _services["DATABASE_OWNER_URL"]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield psycopg.conninfo.make_conninfo(owner, dbname=name)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def redis_url(_services: dict[str, str]) -> str:
    """A Valkey, shared with other tests: put a name of your own into every key."""
    return _services["REDIS_URL"].rpartition("/")[0] + "/0"
