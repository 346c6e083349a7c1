"""Make the table say what the aggregator says: new rows in, changed rows overwritten, equal rows left alone.

    with batch.write():
        counts = merge(Transaction, {"client_id": …, "account_id": …}, rows)

Rows go through COPY into a temporary table and from there by one statement, which writes nothing where the digest is
the same. Everything happens in the caller's transaction, which the mailbox fences: nobody else writes these rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from apps.banking.models.base import VendorRow
from apps.banking.rows.columns import Columns, Digested, Row, columns
from apps.banking.rows.staging import BATCH, chunks, in_transaction, name_of, stage

Scope = Mapping[str, Any]
"""The columns, and their values, that all rows of one merge have in common."""


@dataclass(frozen=True)
class Counts:
    """What became of rows. Counts add up."""

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
        """For SyncRun.counts and for payloads."""
        return {
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "removed": self.removed,
        }


def merge(model: type[VendorRow], scope: Scope, rows: Iterable[Row], batch_size: int = BATCH) -> Counts:
    """Merge plain rows: the columns that the aggregator fills, by database name or sealed name; one left out is empty.

    `scope` is the same for all of them ({"client_id": …, "connection_id": …}). Of two rows with one key the later one
    wins. A tombstone whose row is there again comes back to life. Memory is bounded by `batch_size` rows.
    Raises RuntimeError outside a transaction, and what the database raises for rows that break an invariant.
    """
    in_transaction()
    shape = columns(model, tuple(sorted(scope)))
    total = Counts()
    with connection.cursor() as cursor:
        for some in chunks(rows, batch_size):
            total += _merge_batch(cursor, shape, scope, some)
    return total


def _merge_batch(cursor: CursorWrapper, shape: Columns, scope: Scope, rows: list[Row]) -> Counts:
    latest = shape.digest_all(rows)
    stored = _stored(cursor, shape, scope, list(latest))
    # Sealing costs more than asking: only what differs is sealed and sent.
    differing = [row for key, row in latest.items() if stored.get(key) != row.digest]
    if not differing:
        return Counts(unchanged=len(latest))
    created, changed = _write(cursor, shape, scope, differing)
    return Counts(created, changed, len(latest) - created - changed)


def _stored(cursor: CursorWrapper, shape: Columns, scope: Scope, keys: Sequence[Any]) -> dict[Any, bytes | None]:
    """The digests of rows that are there, by key; None for a tombstone."""
    # One text instead of a list: psycopg would quote each of thousands of keys by itself.
    cursor.execute(_digests_sql(shape), {**scope, "keys": "\n".join(keys) if shape.key else ""})
    return {key: digest and bytes(digest) for key, digest in cursor.fetchall()}


def _write(cursor: CursorWrapper, shape: Columns, scope: Scope, rows: list[Digested]) -> tuple[int, int]:
    """(created, changed)"""
    stage(cursor, shape.model._meta.db_table, shape.names, shape.lines(rows, scope))
    cursor.execute(merge_sql(shape), scope)
    created, changed = cursor.fetchone()
    return created, changed


@lru_cache
def _digests_sql(shape: Columns) -> sql.Composed:
    table = sql.Identifier(shape.model._meta.db_table)
    scope = [name for name in shape.scope if name in shape.model.natural_key]
    within = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in scope]
    key = sql.Identifier(shape.key) if shape.key else sql.NULL
    if shape.key:
        within.append(sql.SQL("{} = ANY(string_to_array(%(keys)s, chr(10)))").format(key))
    return sql.SQL("SELECT {}, CASE WHEN deleted_at IS NULL THEN digest END FROM {} WHERE {}").format(
        key, table, sql.SQL(" AND ").join(within)
    )


@lru_cache
def merge_sql(shape: Columns) -> sql.Composed:
    """The statement that moves what is staged into the table; parameters are the scope. (created, changed)"""
    model = shape.model
    names = [sql.Identifier(name) for name in (*shape.scope, *shape.names, "created_at")]
    # Not now(): rows of one merge are of one age, and older than those of a later merge in the same transaction.
    values = [*map(sql.Placeholder, shape.scope), *map(sql.Identifier, shape.names), sql.SQL("statement_timestamp()")]
    cleared = [field.attname for field in model._meta.concrete_fields if field.name in model.cleared_on_return]
    updates = [sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in shape.updated]
    updates += [sql.SQL("{} = NULL").format(sql.Identifier(name)) for name in ("deleted_at", *cleared)]
    return _MERGE.format(
        table=sql.Identifier(model._meta.db_table),
        names=sql.SQL(", ").join(names),
        values=sql.SQL(", ").join(values),
        source=name_of(model._meta.db_table, shape.names),
        key=sql.SQL(", ").join(map(sql.Identifier, model.natural_key)),
        updates=sql.SQL(", ").join([*updates, sql.SQL("updated_at = now()")]),
    )


_MERGE = sql.SQL("""
    WITH written AS (
        INSERT INTO {table} AS kept ({names}) SELECT {values} FROM {source}
        ON CONFLICT ({key}) DO UPDATE SET {updates}
        WHERE kept.digest IS DISTINCT FROM EXCLUDED.digest OR kept.deleted_at IS NOT NULL
        RETURNING xmax = 0 AS created
    ) SELECT count(*) FILTER (WHERE created), count(*) FILTER (WHERE NOT created) FROM written
""")
