"""Reads the database URL that a user wrote."""

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from plugfn.errors import ConfigurationError

POSTGRES, SQLITE = "postgresql+psycopg", "sqlite+aiosqlite"
DRIVERS = {
    "postgresql": POSTGRES,
    "postgres": POSTGRES,
    POSTGRES: POSTGRES,
    "sqlite": SQLITE,
    SQLITE: SQLITE,
}


def address(url: str) -> URL:
    """`postgresql://…` (also with +psycopg), `sqlite:///file` (also with +aiosqlite), or libpq's `host=… dbname=…`.

    Raises ConfigurationError, which never shows the URL: it may contain a password."""
    try:
        url_parts = make_url(url) if "://" in url else _libpq(url)
    except (ArgumentError, ProgrammingError, ValueError):
        raise ConfigurationError("database is not a valid URL") from None
    if url_parts.drivername not in DRIVERS:
        raise ConfigurationError(f"database: no adapter for {url_parts.drivername}; use postgresql:// or sqlite:///")
    url_parts = url_parts.set(drivername=DRIVERS[url_parts.drivername])
    if url_parts.drivername == SQLITE and _in_memory(url_parts):
        raise ConfigurationError("database: SQLite needs a file (sqlite:///plugfn.db); without one use MemoryStore")
    return url_parts


def _libpq(text: str) -> URL:
    pairs = conninfo_to_dict(text)
    if not pairs:
        raise ValueError("not a connection string of libpq")
    return URL.create(POSTGRES, query={name: str(value) for name, value in pairs.items()})


def _in_memory(url: URL) -> bool:
    return not url.database or ":memory:" in url.database or url.query.get("mode") == "memory"
