"""A structured query: what to read from one table, as data. A provider compiles it, so callers write no SQL.

{"table": "vendas", "columns": ["id", "total"],
 "filters": [{"column": "total", "op": "gte", "value": 10},
             {"any": [{"column": "estado", "op": "eq", "value": "paga"},
                      {"column": "entregue_em", "op": "is_null", "value": false}]}],
 "order": [{"column": "total", "desc": true}], "limit": 50}
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from plugfn.database.names import ColumnName, PlainText, TableName
from plugfn.definition import Model

MOST_CONDITIONS = 100
MOST_VALUES = 200
MOST_ROWS = 1000
"""The most rows that any connection returns in one result."""

Op = Literal["eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "in", "is_null"]
Text = Annotated[PlainText, StringConstraints(max_length=10_000)]
Whole = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Fraction = Annotated[float, Field(allow_inf_nan=False)]
Scalar = bool | Whole | Fraction | Text


class Condition(Model):
    """`column op value`. As in SQL, no comparison matches null: use is_null (value true: is null, false: is not null).

    `in` takes a list. like and ilike take a pattern: % matches any text, _ matches one character, and a backslash
    before either matches the character itself. Write dates as ISO strings, and exact decimals as strings."""

    column: ColumnName
    op: Op = "eq"
    value: Scalar | Annotated[list[Scalar], Field(min_length=1, max_length=MOST_VALUES)]

    @model_validator(mode="after")
    def _fits(self) -> "Condition":
        wanted = {"in": list, "is_null": bool, "like": str, "ilike": str}.get(self.op)
        if wanted is not None and not isinstance(self.value, wanted):
            raise ValueError(f"{self.op} takes {_KINDS[wanted]}")
        if wanted is None and isinstance(self.value, list):
            raise ValueError(f"{self.op} takes one value, not a list")
        return self


_KINDS: dict[type, str] = {list: "a list of values", bool: "true or false", str: "a text"}


class AllOf(Model):
    """All of the conditions must hold."""

    all: Annotated[list[Condition], Field(min_length=1, max_length=20)]


class AnyOf(Model):
    """At least one of the conditions must hold."""

    any: Annotated[list[Condition | AllOf], Field(min_length=1, max_length=20)]


Filter = Condition | AnyOf


class Order(Model):
    """Sort by a column. `nulls`: where rows with null go; by default last, or first with `desc`."""

    column: ColumnName
    desc: bool = False
    nulls: Literal["first", "last"] | None = None


class Query(Model):
    """Read rows of one table. All filters must hold. Without `columns`, all columns are read; without `limit`, the
    connection's max_rows applies."""

    table: TableName
    columns: Annotated[list[ColumnName], Field(max_length=100)] = []
    filters: Annotated[list[Filter], Field(max_length=20)] = []
    order: Annotated[list[Order], Field(max_length=10)] = []
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] | None = None
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    count: bool = False
    """Also count all matching rows; the database must then look at each of them."""

    @model_validator(mode="after")
    def _bounded(self) -> "Query":
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("lists a column twice")
        if sum(1 for _ in conditions(self.filters)) > MOST_CONDITIONS:
            raise ValueError(f"has more than {MOST_CONDITIONS} conditions")
        return self

    def rows_within(self, most: int) -> int:
        """How many rows to return on a connection that returns at most `most`."""
        return min(self.limit or most, most, MOST_ROWS)


def conditions(filters: Sequence[Condition | AnyOf | AllOf]) -> Iterator[Condition]:
    """Every condition in the filters, at any depth."""
    for part in filters:
        if isinstance(part, Condition):
            yield part
        else:
            yield from conditions(part.any if isinstance(part, AnyOf) else part.all)


def literal(value: bool | int | float | str) -> str:
    """The value as text that PostgreSQL can read as any column's type."""
    return str(value).lower() if isinstance(value, bool) else str(value)
