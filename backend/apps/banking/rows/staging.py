"""Temporary tables that COPY fills before one statement moves what they hold.

One a session and shape, made when first needed and emptied by every commit: a table a batch would leave its
description behind in the system catalogue, thousands of times a day.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

Item = TypeVar("Item")

BATCH = 5000
LINES_A_WRITE = 250


def name_of(table: str, names: Sequence[str]) -> sql.Identifier:
    """The temporary table for these columns of `table`."""
    shape = hashlib.sha256("|".join([table, *names]).encode()).hexdigest()[:16]
    return sql.Identifier("pg_temp", f"staged_{shape}")


def stage(cursor: CursorWrapper, table: str, names: Sequence[str], lines: Iterable[str]) -> sql.Identifier:
    """The temporary table `name_of(table, names)`, holding `lines` of COPY's text format and nothing else.

    Its content belongs to the transaction under way, and to the next call with the same columns.
    """
    name = name_of(table, names)
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = _EMPTY if _is_there(cursor, name) else _CREATE
    cursor.execute(statement.format(name=name, columns=columns, table=sql.Identifier(table)))
    with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(name, columns)) as copy:
        waiting = iter(lines)
        while some := list(islice(waiting, LINES_A_WRITE)):
            copy.write("\n".join(some) + "\n")
    return name


_EMPTY = sql.SQL("DELETE FROM {name}")
_CREATE = sql.SQL("CREATE TEMP TABLE {name} ON COMMIT DELETE ROWS AS SELECT {columns} FROM {table} WITH NO DATA")


def _is_there(cursor: CursorWrapper, name: sql.Identifier) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name.as_string()])
    there: bool = cursor.fetchone()[0]
    return there


def chunks(items: Iterable[Item], size: int = BATCH) -> Iterator[list[Item]]:
    """Lists of at most `size` items, none of them empty."""
    waiting = iter(items)
    while some := list(islice(waiting, size)):
        yield some


def in_transaction() -> None:
    """Raises unless a transaction is under way: these writes belong inside a fenced one."""
    connection.validate_no_broken_transaction()
    if not connection.in_atomic_block:
        raise RuntimeError("merge and tombstone only inside a transaction")
