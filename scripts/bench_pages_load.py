"""Fills a table by COPY as fast as PostgreSQL can: without its indexes and constraints, which return afterwards."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

import psycopg
from django.db import models
from django.db.models.expressions import DatabaseDefault
from psycopg import sql
from psycopg.types.json import Jsonb

LINES_PER_WRITE = 2000

_CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype IN ('f', 'u', 'x', 'c')
"""
_INDEXES = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
    WHERE i.indrelid = %s::regclass AND NOT i.indisprimary
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('u', 'x'))
"""


def copy(
    owner: psycopg.Connection,
    model: type[models.Model],
    names: Iterable[str],
    lines: Iterable[str],
    same: Mapping[str, object] | None = None,
) -> None:
    """Write lines in COPY's text format into the columns `names`. The others get the value that is the `same` in every
    row, or the model's own default.

    It happens in one transaction. The table must be empty, else its constraints are checked again for all rows.
    """
    table, wanted = model._meta.db_table, list(names)
    with owner.transaction(), without_indexes(owner, table), with_defaults(owner, model, wanted, same or {}):
        columns = sql.SQL(", ").join(map(sql.Identifier, wanted))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
        with owner.cursor() as cursor, cursor.copy(statement) as target:
            remaining = iter(lines)
            while chunk := list(islice(remaining, LINES_PER_WRITE)):
                target.write("\n".join(chunk) + "\n")


@contextmanager
def without_indexes(owner: psycopg.Connection, table: str) -> Iterator[None]:
    """Drop what slows a load down, and create it again from the definitions of the catalogue."""
    name = sql.Identifier(table)
    constraints = owner.execute(_CONSTRAINTS, [table]).fetchall()
    # A key that other tables refer to stays.
    referred = {row[0] for row in owner.execute(_REFERRED, [table])}
    constraints = [(constraint, text) for constraint, text in constraints if constraint not in referred]
    for constraint, _ in constraints:
        owner.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(name, sql.Identifier(constraint)))
    indexes = owner.execute(_INDEXES, [table]).fetchall()
    for index, _ in indexes:
        owner.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(index)))
    yield
    for _, text in indexes:
        owner.execute(text)
    for constraint, text in constraints:
        add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(name, sql.Identifier(constraint), sql.SQL(text))
        owner.execute(add)


_REFERRED = """
    SELECT c.conname FROM pg_constraint c JOIN pg_constraint f ON f.conindid = c.conindid AND f.contype = 'f'
    WHERE c.conrelid = %s::regclass AND c.contype IN ('u', 'p')
"""


@contextmanager
def with_defaults(
    owner: psycopg.Connection, model: type[models.Model], given: Iterable[str], same: Mapping[str, object]
) -> Iterator[None]:
    """Let the database fill the columns that the lines leave out, meanwhile."""
    defaults = {**dict(missing_defaults(model, {*given, *same})), **same}
    table = sql.Identifier(model._meta.db_table)
    for column, value in defaults.items():
        owner.execute(
            sql.SQL("ALTER TABLE {} ALTER {} SET DEFAULT {}").format(table, sql.Identifier(column), sql.Literal(value))
        )
    yield
    for column in defaults:
        owner.execute(sql.SQL("ALTER TABLE {} ALTER {} DROP DEFAULT").format(table, sql.Identifier(column)))


def missing_defaults(model: type[models.Model], given: set[str]) -> Iterator[tuple[str, object]]:
    """The columns that only Django gives a value, such as those of a CharField with a default."""
    for field in model._meta.concrete_fields:
        left_out = field.column and field.column not in given and not field.primary_key and not field.generated
        if left_out and field.has_default() and not field.has_db_default():
            value = field.get_default()
            if value is not None and not isinstance(value, DatabaseDefault):
                yield str(field.column), prepared(field, value)


def prepared(field: "models.Field[object, object]", value: object) -> object:
    return Jsonb(value) if isinstance(field, models.JSONField) else value
