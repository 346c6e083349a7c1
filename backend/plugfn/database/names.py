"""Names of tables and columns as callers give them: checked before any of them comes near SQL or a URL.

A name is a letter or underscore, then letters, digits, underscores and dollar signs, at most 63 bytes (longer ones
PostgreSQL cuts off in silence, so that two names could be one). Names are exact: `Vendas` is not `vendas`. Nothing of
the query languages (parentheses, colons, arrows, quotes, exclamation marks, blanks) is ever part of a name; a dot only
stands between schema and table. A table with another name can be reached through a view.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from plugfn.errors import Forbidden

LONGEST = 63
DEFAULT_SCHEMA = "public"

_NAME = re.compile(r"[^\W\d][\w$]*")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or len(name.encode()) > LONGEST:
        raise ValueError("a name is letters, digits, _ and $, at most 63 bytes")
    return name


def _without_null(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a null character is not text")
    return text


def _checked_table(name: str) -> str:
    schema, dot, table = name.rpartition(".")
    if dot:
        _checked(schema)
    return f"{schema}{dot}{_checked(table)}"


ColumnName = Annotated[str, AfterValidator(_checked)]
PlainText = Annotated[str, AfterValidator(_without_null)]
"""Text that PostgreSQL can hold."""
TableName = Annotated[str, AfterValidator(_checked_table)]
"""`table`, which is in the schema public, or `schema.table`."""


@dataclass(frozen=True)
class TableRef:
    """One table, its schema always named."""

    schema: str
    table: str

    def __str__(self) -> str:
        return self.table if self.schema == DEFAULT_SCHEMA else f"{self.schema}.{self.table}"

    @classmethod
    def of(cls, name: str) -> "TableRef":
        """From a checked TableName."""
        schema, _, table = name.rpartition(".")
        return cls(schema or DEFAULT_SCHEMA, table)


def permitted(table: TableRef, allowed: Iterable[str]) -> TableRef:
    """The table, if `allowed` (TableNames) lists it; nothing listed allows nothing. Raises Forbidden.

    The refusal does not name what is allowed, nor tell whether the table exists."""
    if table not in {TableRef.of(name) for name in allowed}:
        raise Forbidden(
            f"the table {str(table)[:130]!r} is not among the tables that this connection allows",
            code="table_not_allowed",
        )
    return table
