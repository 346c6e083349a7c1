"""Upgrades a database to the newest revision of the tables, once, even when several processes start together."""

import sqlite3
import threading
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from plugfn.errors import ConfigurationError, Unavailable
from plugfn.storage.sql.address import SQLITE
from plugfn.storage.sql.sqlite_words import of_sqlite

MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x706C7567666E
PATIENCE_SECONDS = 30.0
CONNECT_SECONDS = 5
NOT_ALLOWED = ("42501", "3F000")
"""insufficient_privilege; invalid_schema_name, which PostgreSQL also reports for a schema that the role may not use."""

_one_at_a_time = threading.Lock()
"""Alembic keeps its context in module globals."""


def upgrade(url: URL, revision: str = "head") -> None:
    """Upgrade the tables. It blocks: call it in a thread. Raises Unavailable (code "store"), ConfigurationError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with _one_at_a_time:
                return _upgrade(url, revision)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in NOT_ALLOWED:
                raise ConfigurationError(
                    "the database's role may not create or change tables: open the store once with a role that may"
                ) from error
            if "database is locked" not in str(error) or time.monotonic() > deadline:
                raise Unavailable(_why(url, error), code="store") from error
            time.sleep(0.1)
        except CommandError as error:
            raise ConfigurationError(
                "another release of PlugFn made this database; this release does not know its revision"
            ) from error


def _why(url: URL, error: DBAPIError) -> str:
    if url.drivername == SQLITE:
        return f"the database file cannot be created or read{of_sqlite(error)}: check its folder and permissions"
    return "the database cannot be opened: check that its server runs, and its host, port, user, password and name"


def _upgrade(url: URL, revision: str) -> None:
    on_sqlite = url.drivername == SQLITE
    engine = _sqlite(url) if on_sqlite else _postgres(url)
    try:
        with engine.begin() as connection:
            if not on_sqlite:
                connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS:.0f}s'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            _run(connection, revision)
    finally:
        engine.dispose()


def _run(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _postgres(url: URL) -> Engine:
    return create_engine(url, hide_parameters=True, connect_args={"connect_timeout": CONNECT_SECONDS})


def _sqlite(url: URL) -> Engine:
    """An engine whose transactions take the write lock when they begin, also for data definition."""
    engine = create_engine(url.set(drivername="sqlite"), hide_parameters=True, connect_args={"timeout": 10.0})

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        # WAL: readers do not block the writer. The file remembers the mode.
        connection.execute("PRAGMA journal_mode = WAL")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine
