"""From what a user writes to the address of a database that SQLAlchemy understands."""

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

    Raises ConfigurationError, which never shows the address: there may be a password in it."""
    try:
        read = make_url(url) if "://" in url else _libpq(url)
    except (ArgumentError, ValueError):
        raise ConfigurationError("database is not an address that can be read") from None
    if read.drivername not in DRIVERS:
        raise ConfigurationError(f"database: no adapter for {read.drivername}; use postgresql:// or sqlite:///")
    read = read.set(drivername=DRIVERS[read.drivername])
    if read.drivername == SQLITE and _in_memory(read):
        raise ConfigurationError("database: SQLite needs a file (sqlite:///plugfn.db); without one use MemoryStore")
    return read


def _libpq(text: str) -> URL:
    words = [word.partition("=") for word in text.split()]
    pairs = {name: value for name, equals, value in words if name and equals}
    if not pairs or len(pairs) < len(words) or "'" in text or "\\" in text:
        raise ValueError("not a connection string of libpq")
    return URL.create(POSTGRES, query=pairs)


def _in_memory(url: URL) -> bool:
    return not url.database or ":memory:" in url.database or url.query.get("mode") == "memory"
