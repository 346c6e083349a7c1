"""Key rotation: encrypt with the first key of the ring every row that an older key encrypted, while Ponte runs.

The ciphertext of a row names its key, so an interrupted rotation continues where it stopped. Rows are locked in small
transactions. The rotation never waits for a locked row; it leaves it for a later pass.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from django.apps import apps
from django.db import connection, models, transaction
from psycopg import sql

from lib import crypto

BATCH = 200
PASSES = 20
CHECKED_AT_ONCE = 1000
# Seconds before the next pass tries again the rows that were locked in this one.
PAUSE = 0.5


@dataclass
class Rotation:
    """The result for one model. `unreadable` holds the ids of rows that no key of the ring decrypts."""

    resealed: int = 0
    locked: int = 0
    unreadable: list[int | UUID | str] = field(default_factory=list)


@dataclass
class Checked:
    """What a look at every row of one model found. `unreadable` holds the ids of rows that no key decrypts."""

    readable: int = 0
    outdated: int = 0
    unreadable: list[int | UUID | str] = field(default_factory=list)


class Elsewhere(Protocol):
    """Sealed values that are no binary columns of our models, such as those in a library's tables."""

    label: str

    def check(self) -> Checked:
        """Decrypt every value. Changes nothing."""
        ...

    def rotate(self, report: Callable[[int], None]) -> Rotation:
        """Encrypt outdated values with the first key."""
        ...


# Apps add theirs when they start.
ELSEWHERE: list[Elsewhere] = []


def sealed_columns(model: type[models.Model]) -> tuple[str, ...]:
    """A model's sealed columns: its `sealed_columns` attribute, or else its binary fields named `…_sealed`."""
    named: tuple[str, ...] | None = getattr(model, "sealed_columns", None)
    if named is not None:
        return named
    fields = (f for f in model._meta.concrete_fields if isinstance(f, models.BinaryField))
    return tuple(f.attname for f in fields if f.attname.endswith("_sealed"))


def sealed_models() -> list[type[models.Model]]:
    """All models of all apps that have sealed columns."""
    return [model for model in apps.get_models() if hasattr(model, "seal_context") and sealed_columns(model)]


def outdated(model: type[models.Model]) -> int:
    """How many rows have a column that an older key encrypted."""
    statement = sql.SQL("SELECT count(*) FROM {table} WHERE {stale}")
    with connection.cursor() as cursor:
        cursor.execute(_compose(statement, model), {"key": crypto.ring().writer})
        rows: int = cursor.fetchone()[0]
    return rows


def check(model: type[models.Model]) -> Checked:
    """Decrypt every sealed value of a model. Changes and locks nothing."""
    result, last = Checked(), _before_all(model)
    while rows := list(model._base_manager.filter(pk__gt=last).order_by("pk")[:CHECKED_AT_ONCE]):
        for row in rows:
            _open(row, result)
        last = rows[-1].pk
    return result


def _open(row: Any, result: Checked) -> None:
    columns = _sealed(row)
    try:
        for name, sealed in columns.items():
            crypto.unseal(sealed, row.seal_context(name))
    except crypto.Unreadable:
        result.unreadable.append(row.pk)
        return
    result.readable += bool(columns)
    result.outdated += not all(map(crypto.is_current, columns.values()))


def rotate(model: type[models.Model], report: Callable[[int], None] = lambda _: None) -> Rotation:
    """Encrypt a model's outdated columns again. Calls `report` after each batch with the number of rows so far."""
    result = Rotation()
    for attempt in range(PASSES):
        result.unreadable = []
        _pass(model, result, report)
        result.locked = outdated(model) - len(result.unreadable)
        if result.locked <= 0:
            break
        time.sleep(PAUSE if attempt else 0)
    return result


def _pass(model: type[models.Model], result: Rotation, report: Callable[[int], None]) -> None:
    last = _before_all(model)
    while True:
        with transaction.atomic():
            ids = _take(model, last)
            for row in model._base_manager.filter(pk__in=ids):
                _reseal(row, result)
        if not ids:
            return
        last = ids[-1]
        report(result.resealed)


def _before_all(model: type[models.Model]) -> int | UUID:
    """An id that is smaller than that of every row."""
    return UUID(int=0) if isinstance(model._meta.pk, models.UUIDField) else 0


def _take(model: type[models.Model], after: int | UUID) -> list[int | UUID]:
    """The ids of the next outdated rows, which it locks until the transaction ends. Skips locked rows."""
    parameters: dict[str, bytes | int | UUID] = {"key": crypto.ring().writer, "after": after, "limit": BATCH}
    with connection.cursor() as cursor:
        cursor.execute(_compose(_TAKE, model), parameters)
        return [row[0] for row in cursor.fetchall()]


_TAKE = sql.SQL("""
    SELECT id FROM {table} WHERE id > %(after)s AND ({stale})
    ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
""")


def _reseal(row: Any, result: Rotation) -> None:
    columns = _sealed(row)
    try:
        resealed = {name: _with_first_key(sealed, row.seal_context(name)) for name, sealed in columns.items()}
    except crypto.Unreadable:
        result.unreadable.append(row.pk)
        return
    type(row)._base_manager.filter(pk=row.pk).update(**resealed)
    result.resealed += 1


def _sealed(row: Any) -> dict[str, bytes]:
    """The sealed values of a row, by their columns."""
    return {name: bytes(sealed) for name in sealed_columns(type(row)) if (sealed := getattr(row, name)) is not None}


def _with_first_key(sealed: bytes, context: str) -> bytes:
    return sealed if crypto.is_current(sealed) else crypto.seal(crypto.unseal(sealed, context), context)


def _compose(statement: sql.SQL, model: type[models.Model]) -> sql.Composed:
    # A sealed value begins with one byte for the version and four for the id of the key (see plugfn.crypto).
    stale = [sql.SQL("substr({}, 2, 4) <> %(key)s").format(sql.Identifier(name)) for name in sealed_columns(model)]
    return statement.format(table=sql.Identifier(model._meta.db_table), stale=sql.SQL(" OR ").join(stale))
