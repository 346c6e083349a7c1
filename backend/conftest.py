"""Fixtures for all tests: real PostgreSQL and Valkey, a separate database for each run, roles as in production."""

import atexit
import base64
import fcntl
import functools
import hashlib
import logging
import os
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

import embedded
from embedded import valkey

BACKEND = Path(__file__).parent
ROOT = BACKEND.parent
PRIVILEGES = ROOT / "ops" / "sql" / "privileges.sql"
RUN = f"test_ponte_{os.getpid()}"
# The number of an advisory lock.
_TEMPLATE_LOCK = 7_664_530_299
AUDIT = "audit_entry"

# The servers run longer than the last fixture. Other test runs in the same folder use them at the same time.
_servers = ExitStack()
atexit.register(_servers.close)


@contextmanager
def _own_valkey_database(folder: Path) -> Iterator[int]:
    """One of Valkey's databases, which no other run has at the same time."""
    for number in range(1, 16):
        with (folder / f"valkey-{number}.lock").open("w") as lock, suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield number
            return
    raise RuntimeError("15 test runs use this folder already; wait until one of them ends")


def _environment() -> dict[str, str]:
    # In tests a commit may skip the disk, because a crash loses nothing of value. Autovacuum would give the planner
    # statistics of tables that happen to be empty, and a test would take as long as its plans are wrong.
    quick = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
    urls = _servers.enter_context(embedded.servers(ROOT / ".local" / "test", os.environ, quick))
    redis = urls["REDIS_URL"].rpartition("/")[0]
    number = _servers.enter_context(_own_valkey_database(ROOT / ".local" / "test"))
    # Ponte waits two seconds for a connection, which a machine busy with tests may exceed.
    patient = {name: _with_option(urls[name], "connect_timeout=20") for name in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    return {
        **patient,
        "REDIS_URL": f"{redis}/{number}",
        "DJANGO_SETTINGS_MODULE": "core.settings",
        "SECRET_KEY": "a-key-for-tests-alone-which-protects-nothing-at-all",
        "ENCRYPTION_KEYS": base64.b64encode(bytes(range(32))).decode(),
        "INDEX_KEY": "an-index-key-for-tests-alone-which-protects-nothing",
        "PLUGGY_API_URL": "http://127.0.0.1:9",
        "PLUGGY_CLIENT_ID": "00000000-0000-4000-8000-000000000001",
        "PLUGGY_CLIENT_SECRET": "a-client-secret-for-tests-alone",
        "PLUGGY_WEBHOOK_SECRET": "a-webhook-secret-for-tests-alone",
        "PUBLIC_URL": "https://ponte.example.com",
        "SECURE_SSL_REDIRECT": "false",
        "LOG_FORMAT": "console",
        "DEBUG": "false",
        # Nothing is sent: pytest-django keeps mails in memory.
        "EMAIL_HOST": "mail.example.com",
        "STAFF_MFA_REQUIRED": "false",
    }


def _with_option(url: str, option: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{option}"


_OURS = (
    "PLUGGY_",
    "ENCRYPTION_KEY",
    "WEBHOOK_TOKEN_KEYS",
    "METRICS_TOKEN",
    "TRUSTED_PROXIES",
    "ADMIN_PATH",
    "EVENT_RETENTION_DAYS",
    "EMAIL_",
    "DEFAULT_FROM_EMAIL",
    "SIGNUP_ENABLED",
    "STAFF_MFA_REQUIRED",
)


def pytest_configure(config: pytest.Config) -> None:
    """Start Django only now, because it reads its settings from this environment.

    A controller of several processes runs no test. They would inherit its environment, and read its settings from it
    before they come here.
    """
    if getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput"):
        return
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        raise pytest.UsageError("unset DJANGO_SETTINGS_MODULE: the tests have settings of their own")
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[name]
    with warnings.catch_warnings():
        # A server runs longer than the object that started it.
        warnings.simplefilter("ignore", ResourceWarning)
        os.environ.update(_environment())
    import django

    django.setup()
    from celery import current_app

    # Register the tasks now, as a worker does when it starts. If two threads did it at once, each would see only some.
    current_app.loader.import_default_modules()
    current_app.finalize()
    from django.conf import settings
    from django.contrib.auth.hashers import PBKDF2PasswordHasher
    from django.test import TransactionTestCase

    # In production a hash takes half a second on purpose. Every process can check one with fewer rounds.
    PBKDF2PasswordHasher.iterations = 1
    # Each test client has middleware of its own, which would look at all static files when it is made.
    settings.WHITENOISE_AUTOREFRESH = True
    TransactionTestCase._fixture_teardown = _restore_tables
    _work_as_the_system()


def _work_as_the_system() -> None:
    """Let tests read and write the rows of all clients. The code that they test begins as in production: for nobody.

    Other processes and threads begin so by themselves.
    """
    from celery.app.task import Task
    from django.test.client import ClientHandler

    from lib.row_security import for_nobody, for_system

    for begins in (ClientHandler, Task):
        begins.__call__ = for_nobody()(begins.__call__)
    _servers.enter_context(for_system("the tests"))


@pytest.hookimpl(wrapper=True, trylast=True)  # inside the wrapper that captures
def pytest_runtest_call() -> Iterator[None]:
    """Wait until Ponte's thread has written the test's log lines, while pytest still captures them."""
    try:
        yield
    finally:
        for handler in logging.getLogger().handlers:
            handler.flush()


pytest_runtest_setup = pytest_runtest_teardown = pytest_runtest_call


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """A database named after this process, with the owner's tables. The application's role uses it."""
    from django.db import connections

    administration = {**connections["owner"].get_connection_params(), "autocommit": True}
    with psycopg.connect(**administration) as server:
        # One process makes the template, and the others wait for it. Not even another checkout can take it away.
        server.execute("SELECT pg_advisory_lock(%s)", [_TEMPLATE_LOCK])
        with django_db_blocker.unblock():
            template = _template(server)
        server.execute(f'DROP DATABASE IF EXISTS "{RUN}"')
        server.execute(f'CREATE DATABASE "{RUN}" TEMPLATE "{template}"')
    _use(RUN)
    yield
    with django_db_blocker.unblock():
        _end_sessions(connections["default"])
        connections.close_all()
    with psycopg.connect(**administration) as server:
        server.execute(f'DROP DATABASE "{RUN}"')


def _template(server: psycopg.Connection) -> str:
    """The name of the migrated database that each run copies. It is made again when a migration has changed."""
    name = f"test_template_{_fingerprint()}"
    if server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount:
        return name
    for (old,) in server.execute(r"SELECT datname FROM pg_database WHERE datname LIKE 'test\_template\_%'").fetchall():
        server.execute(f'DROP DATABASE "{old}"')
    unfinished = "test_template_unfinished"
    server.execute(f'CREATE DATABASE "{unfinished}" TEMPLATE template0')
    _migrate(unfinished)
    server.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
    return name


def _fingerprint() -> str:
    migrations = sorted(BACKEND.glob("apps/*/migrations/*.py"))
    imported = re.findall(
        r"^(?:from|import) ((?:apps|lib)\.[\w.]+)", "".join(map(Path.read_text, migrations)), re.MULTILINE
    )
    called = [BACKEND / f"{name.replace('.', '/')}.py" for name in sorted(set(imported))]
    # The requirements, because installed apps have migrations too.
    locks = sorted(ROOT.glob("requirements*.txt"))
    files = [*migrations, *called, PRIVILEGES, *locks, Path(__file__)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _migrate(database: str) -> None:
    from django.core.management import call_command
    from django.db import connections

    _use(database)
    owner = connections["owner"]
    with owner.cursor() as cursor:
        if connections["default"].settings_dict["USER"] != owner.settings_dict["USER"]:
            cursor.execute(PRIVILEGES.read_text())
        call_command("migrate", database="owner", verbosity=0)
        _keep_what_migrations_wrote(cursor)
    connections.close_all()


def _use(database: str) -> None:
    from django.db import connections

    for alias in ("default", "owner"):
        connections[alias].settings_dict["NAME"] = database


def _keep_what_migrations_wrote(cursor: Any) -> None:
    cursor.execute("CREATE SCHEMA kept; GRANT USAGE ON SCHEMA kept TO PUBLIC")
    for table in _tables():
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
        if cursor.fetchone()[0]:
            cursor.execute(f"CREATE TABLE kept.{table} AS TABLE {table}; GRANT SELECT ON kept.{table} TO PUBLIC")


def _end_sessions(application: Any) -> None:
    # Threads and processes of the tests may still have sessions, which only their own role may end.
    from lib.row_security import for_nobody

    with for_nobody(), application.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )


def _tables() -> list[str]:
    from django.apps import apps

    return sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed})


def _restore_tables(_test: object) -> None:
    """Delete the rows that a transactional test left, and restore those that migrations wrote.

    Django truncates all tables and emits post_migrate; that took most of such a test's time.
    """
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE ponte_system")
        cursor.execute(_changed_tables())
        changed = [name for (name,) in cursor.fetchall()]
        if AUDIT in changed:
            changed.remove(AUDIT)
            _empty_audit()
        if changed:
            # In one statement, whatever refers to what: PostgreSQL checks foreign keys at its end.
            deletions = ", ".join(f"_{number} AS (DELETE FROM {table})" for number, table in enumerate(changed))
            cursor.execute(f"WITH {deletions} SELECT")
        for table in set(changed) & _kept():
            cursor.execute(f"INSERT INTO {table} TABLE kept.{table}")


def _empty_audit() -> None:
    """Only the owner may delete from it."""
    from django.db import connections

    with psycopg.connect(**connections["owner"].get_connection_params()) as owner:
        owner.execute(f"DELETE FROM {AUDIT}")


def _kept() -> set[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'kept'")
        return {name for (name,) in cursor.fetchall()}


@functools.cache
def _changed_tables() -> str:
    """The query for the names of the tables whose rows differ from those after the migrations."""
    queries = []
    for table in _tables():
        rows = f"SELECT FROM {table}"
        if table in _kept():
            now, then = f"SELECT {table}::text FROM {table}", f"SELECT {table}::text FROM kept.{table}"
            rows = f"({now} EXCEPT {then}) UNION ALL ({then} EXCEPT {now})"
        queries.append(f"SELECT '{table}' WHERE EXISTS ({rows})")
    return " UNION ALL ".join(queries)


@pytest.fixture(autouse=True)
def _empty_valkey() -> None:
    """Delete the bells, budgets and keys of the test before."""
    from apps.events import bell

    bell.forget()
    _own_valkey().flushdb()


@functools.cache
def _own_valkey() -> Any:
    # One connection for all tests: to make one takes as long as ten deletions.
    import redis

    return redis.Redis.from_url(os.environ["REDIS_URL"])


@pytest.fixture
def start_valkey(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], valkey.Server]:
    """Start a separate Valkey, always at the same address and always empty."""
    folder = tmp_path_factory.mktemp("valkey")
    return lambda: valkey.start(folder)


@pytest.fixture(scope="session")
def own_stores(django_db_setup: None) -> dict[str, str]:
    """What a process needs, beside our environment, to run the code with the database of this run."""
    urls = {name: _with_name(os.environ[name]) for name in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    return {**urls, "PYTHONPATH": str(BACKEND), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def process_environment(own_stores: dict[str, str]) -> dict[str, str]:
    """The environment of a process that uses the database and the broker of this run."""
    return {**os.environ, **own_stores}


@pytest.fixture
def analyze(process_environment: dict[str, str]) -> Callable[[str], None]:
    """Give the planner statistics of a table's committed rows.

    Only the owner may do that: for the application's role ANALYZE does nothing but warn.
    """

    def run(table: str) -> None:
        with psycopg.connect(process_environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
            owner.execute(f"ANALYZE {table}")

    return run


def _with_name(url: str) -> str:
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{RUN}" + (f"?{query}" if query else "")


@pytest.fixture
def start_process(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start `python -m …` as a process with its output in a file, and kill it at the end of the test."""
    with _processes(process_environment, tmp_path) as start:
        yield start


@pytest.fixture(scope="session")
def processes_in() -> Callable[..., AbstractContextManager[Callable[..., subprocess.Popen]]]:
    """For fixtures that live longer than a test: start_process with an environment and a folder, until the end of a
    block."""
    return _processes


@contextmanager
def _processes(environment: dict[str, str], folder: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    started: list[subprocess.Popen] = []

    def start(*arguments: str, **more: str) -> subprocess.Popen:
        log = (folder / f"process-{len(started)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=BACKEND,
            env={**environment, **more},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        process.log = Path(log.name)
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            _kill(process)


def _kill(process: subprocess.Popen) -> None:
    import contextlib
    import signal

    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Wait for a condition; fails with its name if it does not come true in time."""

    def wait(condition: Callable[[], object], seconds: float = 20, what: str = "the condition") -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"{what} did not come true in {seconds} s"
            time.sleep(0.05)

    return wait


@pytest.fixture
def start_worker(start_process, wait_until) -> Callable[..., subprocess.Popen]:
    """Start a real Celery worker for all queues; returns when it is ready."""

    def start(*arguments: str, concurrency: int = 2, **environment: str) -> subprocess.Popen:
        queues = ("-Q", "sync,quick,background", "-c", str(concurrency))
        worker = start_process("celery", "-A", "core", "worker", *queues, *arguments, **environment)
        wait_until(lambda: b"ready." in worker.log.read_bytes(), 30, "the worker's readiness")
        return worker

    return start
