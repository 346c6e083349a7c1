"""Sealing anew, with the ring's first key, what an older key sealed: while everything runs, and from where it stopped.

A row that is done says so itself, by the key's id in its ciphertext; hence a second run continues the first. Rows are
taken in small transactions and never waited for: one that a sync holds is left for a later pass.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from psycopg import sql

from lib import crypto

BATCH = 200
PASSES = 20
# Seconds before the next pass looks again at what others held in this one.
PAUSE = 0.5


@dataclass
class Rotation:
    """What became of one model's rows; `unreadable` are the ids of those that no key of the ring opens."""

    resealed: int = 0
    held: int = 0
    unreadable: list[Any] = field(default_factory=list)


def sealed_columns(model: type[models.Model]) -> tuple[str, ...]:
    """A model's sealed columns: those it names in `sealed_columns`, else its binary fields called `…_sealed`."""
    named: tuple[str, ...] | None = getattr(model, "sealed_columns", None)
    if named is not None:
        return named
    fields = (f for f in model._meta.concrete_fields if isinstance(f, models.BinaryField))
    return tuple(f.attname for f in fields if f.attname.endswith("_sealed"))


def sealed_models() -> list[Any]:
    """Every model of every app that seals something."""
    return [model for model in apps.get_models() if hasattr(model, "seal_context") and sealed_columns(model)]


def outdated(model: Any) -> int:
    """How many rows have a column that another key than the ring's first one sealed."""
    statement = sql.SQL("SELECT count(*) FROM {table} WHERE {stale}")
    with connection.cursor() as cursor:
        cursor.execute(_compose(statement, model), {"key": crypto.ring().writer})
        found: int = cursor.fetchone()[0]
    return found


def rotate(model: Any, tell: Callable[[int], None] = lambda _: None) -> Rotation:
    """Seal a model's outdated columns anew. `tell` is given the number of rows so far, after each batch."""
    done = Rotation()
    for attempt in range(PASSES):
        done.unreadable = []
        _pass(model, done, tell)
        done.held = outdated(model) - len(done.unreadable)
        if done.held <= 0:
            break
        time.sleep(PAUSE if attempt else 0)
    return done


def _pass(model: Any, done: Rotation, tell: Callable[[int], None]) -> None:
    last = 0
    while True:
        with transaction.atomic():
            ids = _take(model, last)
            for row in model._base_manager.filter(pk__in=ids):
                _reseal(row, done)
        if not ids:
            return
        last = ids[-1]
        tell(done.resealed)


def _take(model: Any, after: int) -> list[int]:
    """The next outdated rows by id, locked until the transaction ends; none that others hold."""
    parameters: dict[str, bytes | int] = {"key": crypto.ring().writer, "after": after, "limit": BATCH}
    with connection.cursor() as cursor:
        cursor.execute(_compose(_TAKE, model), parameters)
        return [row[0] for row in cursor.fetchall()]


_TAKE = sql.SQL("""
    SELECT id FROM {table} WHERE id > %(after)s AND ({stale})
    ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
""")


def _reseal(row: Any, done: Rotation) -> None:
    columns = {name: bytes(sealed) for name in sealed_columns(type(row)) if (sealed := getattr(row, name)) is not None}
    try:
        anew = {name: _again(sealed, row.seal_context(name)) for name, sealed in columns.items()}
    except crypto.Unreadable:
        done.unreadable.append(row.pk)
        return
    type(row)._base_manager.filter(pk=row.pk).update(**anew)
    done.resealed += 1


def _again(sealed: bytes, context: str) -> bytes:
    return sealed if crypto.is_current(sealed) else crypto.seal(crypto.unseal(sealed, context), context)


def _compose(statement: sql.SQL, model: Any) -> sql.Composed:
    # Version, then the key's id: lib.crypto says how a sealed value begins.
    stale = [sql.SQL("substr({}, 2, 4) <> %(key)s").format(sql.Identifier(name)) for name in sealed_columns(model)]
    return statement.format(table=sql.Identifier(model._meta.db_table), stale=sql.SQL(" OR ").join(stale))
