"""The limits that every database connection sets: which tables may be read, and how many rows."""

from typing import Annotated

from pydantic import Field

from plugfn.database.names import TableName, TableRef, permitted
from plugfn.database.query import MOST_ROWS
from plugfn.definition import Model


class DatabaseAccess(Model):
    """The part of the credentials that limits a connection."""

    allowed_tables: Annotated[list[TableName], Field(max_length=50)] = []
    """The tables and views that may be read, as `table` (in the schema public) or `schema.table`. Empty: none may."""
    max_rows: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 100
    """The most rows in one answer."""

    def table(self, name: str) -> TableRef:
        """The table with this (already checked) name. Raises Forbidden if the connection does not allow it."""
        return permitted(TableRef.of(name), self.allowed_tables)

    def tables(self) -> list[TableRef]:
        """Every table that the connection allows, without duplicates."""
        return list(dict.fromkeys(TableRef.of(name) for name in self.allowed_tables))
