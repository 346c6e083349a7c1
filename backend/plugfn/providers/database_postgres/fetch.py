"""Fetches a query's rows as JSON that PostgreSQL writes; the server itself limits rows and bytes."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

from psycopg import sql

from plugfn.database.rows import MOST_BYTES, Rows, replace_lone_surrogates
from plugfn.errors import InvalidCall, Unexpected
from plugfn.providers.database_postgres.compile import Compiled
from plugfn.providers.database_postgres.connect import Connection
from plugfn.providers.database_postgres.session import execute

LONGEST_INT = 400
_FLOATS = frozenset({700, 701, 1021, 1022})  # float4, float8 and their arrays
_JSON = frozenset({114, 3802, 199, 3807})
_NUMERIC = frozenset({1700, 1231})

_DESCRIBE = sql.SQL("SELECT * FROM ({}) AS plugfn LIMIT 0")
# The server only sends a row while the total of bytes stays below the limit. So the size of the answer is limited even
# if a single value is as big as PostgreSQL allows (1 GB).
_FETCH = sql.SQL(
    "SELECT CASE WHEN pg_catalog.sum(pg_catalog.octet_length(line)) OVER (ROWS UNBOUNDED PRECEDING) <= %s"
    " THEN line END FROM (SELECT pg_catalog.row_to_json(plugfn.*)::pg_catalog.text AS line"
    " FROM ({}) AS plugfn LIMIT %s) AS lines"
)


async def fetch(connection: Connection, query: Compiled, most_rows: int, most_bytes: int = MOST_BYTES) -> Rows:
    """The rows of a SELECT, up to both limits. Raises InvalidCall if not even one row fits."""
    described = await execute(connection, _DESCRIBE.format(query.text), *query.values)
    columns = [(column.name, column.type_code) for column in described.description or ()]
    _check_names([name for name, _ in columns])
    cursor = await execute(connection, _FETCH.format(query.text), most_bytes, *query.values, most_rows + 1)
    lines = [line for (line,) in await cursor.fetchall()]
    if sum(len(str(line or "")) for line in lines) > most_bytes:
        raise Unexpected("the server sent more than was requested", code="too_big")
    fit = [line for line in lines[:most_rows] if isinstance(line, str)]
    if lines and not fit:
        raise InvalidCall(f"a row is bigger than {most_bytes} bytes: select fewer columns", code="row_too_big")
    readers = {name: _reader(code) for name, code in columns}
    rows = [{name: readers[name](value) for name, value in _read(line).items()} for line in fit]
    return Rows(columns=list(readers), rows=rows, truncated=len(fit) < len(lines))


def _check_names(names: Sequence[str]) -> None:
    if len(set(names)) != len(names):
        raise InvalidCall("two columns of the result have the same name: rename one with AS", code="same_name")


def _read(line: str) -> dict[str, Any]:
    row: dict[str, Any] = replace_lone_surrogates(
        json.loads(line, parse_float=Decimal, parse_int=_whole, parse_constant=str)
    )
    return row


def _whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < LONGEST_INT else Decimal(digits)


def _reader(type_code: int) -> Callable[[Any], Any]:
    """Converts the values of a column's type as Rows describes."""
    if type_code in _FLOATS or type_code in _JSON:
        return lambda value: _each(value, _inexact)
    if type_code in _NUMERIC:
        return lambda value: _each(value, str)
    return lambda value: _each(value, lambda number: str(number) if isinstance(number, Decimal) else number)


def _inexact(number: int | Decimal) -> int | float | str:
    if isinstance(number, int):
        return number
    return float(number) if isfinite(float(number)) else str(number)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    """The value with `change` applied to every number in it, also inside lists and objects."""
    if isinstance(value, list):
        return [_each(part, change) for part in value]
    if isinstance(value, dict):
        return {name: _each(part, change) for name, part in value.items()}
    return change(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value
