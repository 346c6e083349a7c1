"""Merge the aggregator's rows into a table: insert new rows, overwrite changed rows, and skip equal rows.

    with batch.write():
        counts = merge(Transaction, {"client_id": …, "account_id": …}, rows)

COPY writes the rows into a temporary table, and one statement moves them on; it skips rows whose digest is the same.
Everything happens in the caller's transaction, which the mailbox fences: no other worker writes these rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from apps.banking.aggregators.contract import Row
from apps.banking.models.base import VendorRow
from apps.banking.rows.columns import Columns, Digested, columns
from apps.banking.rows.staging import BATCH, chunks, require_transaction, stage, staging_table

Scope = Mapping[str, Any]
"""The columns, with their values, that all rows of one merge share."""


@dataclass(frozen=True)
class Counts:
    """How many rows a merge created, changed, left unchanged or removed. Counts can be added."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.created + other.created,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
        )

    def __bool__(self) -> bool:
        """Whether anything was written."""
        return bool(self.created or self.changed or self.removed)

    def as_dict(self) -> dict[str, int]:
        """The counts by name, for SyncRun.counts and for payloads."""
        return {
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "removed": self.removed,
        }


def merge(model: type[VendorRow], scope: Scope, rows: Iterable[Row], batch_size: int = BATCH) -> Counts:
    """Merge plain rows: values by the name of their column (`number` for `number_sealed`). A missing value is empty.

    All rows share `scope` ({"client_id": …, "connection_id": …}). Of two rows with one key, the later one wins. A
    tombstone whose row returns comes back to life. At most `batch_size` rows are in memory.
    Raises RuntimeError outside a transaction, and the database's error for a row that breaks a constraint.
    """
    require_transaction()
    shape = columns(model, tuple(sorted(scope)))
    total = Counts()
    with connection.cursor() as cursor:
        for batch in chunks(rows, batch_size):
            total += _merge_batch(cursor, shape, scope, batch)
    return total


def _merge_batch(cursor: CursorWrapper, shape: Columns, scope: Scope, rows: list[Row]) -> Counts:
    latest = shape.digest_all(rows)
    stored = _digests(cursor, shape, scope, list(latest))
    # Encryption costs more than this query, so only the rows that differ are sealed and sent.
    differing = [row for key, row in latest.items() if stored.get(key) != row.digest]
    if not differing:
        return Counts(unchanged=len(latest))
    created, changed = _write(cursor, shape, scope, differing)
    return Counts(created, changed, len(latest) - created - changed)


def _digests(cursor: CursorWrapper, shape: Columns, scope: Scope, keys: Sequence[Any]) -> dict[Any, bytes | None]:
    """The digests of the stored rows, by key; None for a tombstone."""
    # One text instead of a list, because psycopg would quote thousands of keys one by one.
    cursor.execute(_digests_sql(shape), {**scope, "keys": "\n".join(keys) if shape.key else ""})
    return {key: digest and bytes(digest) for key, digest in cursor.fetchall()}


def _write(cursor: CursorWrapper, shape: Columns, scope: Scope, rows: list[Digested]) -> tuple[int, int]:
    """Write the rows; returns how many were (created, changed)."""
    stage(cursor, shape.model._meta.db_table, shape.names, shape.lines(rows, scope))
    cursor.execute(merge_sql(shape), scope)
    created, changed = cursor.fetchone()
    return created, changed


@lru_cache
def _digests_sql(shape: Columns) -> sql.Composed:
    table = sql.Identifier(shape.model._meta.db_table)
    scope = [name for name in shape.scope if name in shape.model.natural_key]
    conditions = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in scope]
    key = sql.Identifier(shape.key) if shape.key else sql.NULL
    if shape.key:
        conditions.append(sql.SQL("{} = ANY(string_to_array(%(keys)s, chr(10)))").format(key))
    return sql.SQL("SELECT {}, CASE WHEN deleted_at IS NULL THEN digest END FROM {} WHERE {}").format(
        key, table, sql.SQL(" AND ").join(conditions)
    )


@lru_cache
def merge_sql(shape: Columns) -> sql.Composed:
    """The statement that moves the staged rows into the table. Parameters: the scope. Returns (created, changed)."""
    model = shape.model
    names = [sql.Identifier(name) for name in (*shape.scope, *shape.names, "created_at")]
    # Not now(): a later merge in the same transaction must give its rows a later created_at.
    values = [*map(sql.Placeholder, shape.scope), *map(sql.Identifier, shape.names), sql.SQL("statement_timestamp()")]
    cleared = [field.attname for field in model._meta.concrete_fields if field.name in model.cleared_on_return]
    updates = [sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in shape.updated]
    updates += [sql.SQL("{} = NULL").format(sql.Identifier(name)) for name in ("deleted_at", *cleared)]
    return _MERGE.format(
        table=sql.Identifier(model._meta.db_table),
        names=sql.SQL(", ").join(names),
        values=sql.SQL(", ").join(values),
        source=staging_table(model._meta.db_table, shape.names),
        key=sql.SQL(", ").join(map(sql.Identifier, model.natural_key)),
        updates=sql.SQL(", ").join([*updates, sql.SQL("updated_at = now()")]),
    )


_MERGE = sql.SQL("""
    WITH written AS (
        INSERT INTO {table} AS stored ({names}) SELECT {values} FROM {source}
        ON CONFLICT ({key}) DO UPDATE SET {updates}
        WHERE stored.digest IS DISTINCT FROM EXCLUDED.digest OR stored.deleted_at IS NOT NULL
        RETURNING xmax = 0 AS created
    ) SELECT count(*) FILTER (WHERE created), count(*) FILTER (WHERE NOT created) FROM written
""")
