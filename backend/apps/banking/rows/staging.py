"""Temporary tables that COPY fills, before one statement moves their rows.

Each database session has one table for each set of columns. It is created when it is first needed, and each commit
empties it. A new table for each batch would bloat the system catalogue with thousands of entries a day.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

T = TypeVar("T")

BATCH = 5000
LINES_PER_WRITE = 250


def staging_table(table: str, names: Sequence[str]) -> sql.Identifier:
    """The name of the temporary table for these columns of `table`."""
    shape = hashlib.sha256("|".join([table, *names]).encode()).hexdigest()[:16]
    return sql.Identifier("pg_temp", f"staged_{shape}")


def stage(cursor: CursorWrapper, table: str, names: Sequence[str], lines: Iterable[str]) -> None:
    """Replace the content of the temporary table `staging_table(table, names)` with `lines` in COPY's text format.

    The content lasts until the transaction ends, or until the next call with the same columns.
    """
    name = staging_table(table, names)
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = _EMPTY if _exists(cursor, name) else _CREATE
    cursor.execute(statement.format(name=name, columns=columns, table=sql.Identifier(table)))
    with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(name, columns)) as copy:
        remaining = iter(lines)
        while chunk := list(islice(remaining, LINES_PER_WRITE)):
            copy.write("\n".join(chunk) + "\n")


_EMPTY = sql.SQL("DELETE FROM {name}")
# The session may continue as another of the roles (see lib/row_security.py).
_CREATE = sql.SQL("""
    CREATE TEMP TABLE {name} ON COMMIT DELETE ROWS AS SELECT {columns} FROM {table} WITH NO DATA;
    GRANT ALL ON {name} TO ponte_app, ponte_system, ponte_staff
""")


def _exists(cursor: CursorWrapper, name: sql.Identifier) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name.as_string()])
    exists: bool = cursor.fetchone()[0]
    return exists


def chunks(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Split `items` into lists of at most `size` items."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk


def require_transaction() -> None:
    """Raise RuntimeError outside a transaction, because these writes belong in a fenced one."""
    if not connection.in_atomic_block:
        raise RuntimeError("call merge and tombstone inside a transaction")
