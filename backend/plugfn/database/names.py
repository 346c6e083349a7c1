"""Names of tables and columns that callers write: they are checked before they are used in SQL or in a URL.

A name begins with a letter or an underscore, continues with letters, digits, underscores and dollar signs, and has at
most 63 bytes (PostgreSQL silently cuts longer names, so two names could mean the same table). Case matters: `Vendas` is
not `vendas`. A name contains no character that a query language uses (parentheses, colons, arrows, quotes, exclamation
marks, blanks); a dot may only separate schema and table. To read a table with another name, create a view of it.
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
        raise ValueError("contains a null character")
    return text


def _checked_table(name: str) -> str:
    schema, dot, table = name.rpartition(".")
    if dot:
        _checked(schema)
    return f"{schema}{dot}{_checked(table)}"


ColumnName = Annotated[str, AfterValidator(_checked)]
PlainText = Annotated[str, AfterValidator(_without_null)]
"""Text that PostgreSQL can store: without null characters."""
TableName = Annotated[str, AfterValidator(_checked_table)]
"""`table` (in the schema public) or `schema.table`."""


@dataclass(frozen=True)
class TableRef:
    """One table, always with its schema."""

    schema: str
    table: str

    def __str__(self) -> str:
        return self.table if self.schema == DEFAULT_SCHEMA else f"{self.schema}.{self.table}"

    @classmethod
    def of(cls, name: str) -> "TableRef":
        """The table that a checked TableName names."""
        schema, _, table = name.rpartition(".")
        return cls(schema or DEFAULT_SCHEMA, table)


def permitted(table: TableRef, allowed: Iterable[str]) -> TableRef:
    """The table, if it is in `allowed` (TableNames); an empty list allows no table. Raises Forbidden.

    The error does not list the allowed tables, and does not say whether the table exists."""
    if table not in {TableRef.of(name) for name in allowed}:
        raise Forbidden(
            f"this connection does not allow the table {str(table)[:130]!r}: add it to allowed_tables",
            code="table_not_allowed",
        )
    return table
