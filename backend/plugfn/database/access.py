"""What every database connection says besides its address: which tables, how many rows, how long."""

from typing import Annotated

from pydantic import Field

from plugfn.database.names import TableName, TableRef, permitted
from plugfn.database.query import MOST_ROWS
from plugfn.definition import Model


class DatabaseAccess(Model):
    """The part of the credentials that limits a connection."""

    allowed_tables: Annotated[list[TableName], Field(max_length=50)] = []
    """The only tables and views that may be read: `table` (in the schema public) or `schema.table`. Empty: none."""
    max_rows: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 100
    """The most rows in one answer."""

    def table(self, name: str) -> TableRef:
        """The table of a checked name, if this connection allows it. Raises Forbidden."""
        return permitted(TableRef.of(name), self.allowed_tables)

    def tables(self) -> list[TableRef]:
        """All that it allows."""
        return list(dict.fromkeys(TableRef.of(name) for name in self.allowed_tables))
