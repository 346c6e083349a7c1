"""What PostgreSQL's error codes mean to a caller who only reads.

The codes: https://www.postgresql.org/docs/current/errcodes-appendix.html. The first two characters are the class; a
code that is not listed means what its class does.
"""

from collections.abc import Iterator, Mapping

from plugfn.errors import Forbidden, InvalidCall, NeedsReconnect, NotFound, TryLater, Unavailable
from plugfn.net.answer import Means

CODES: Mapping[str, Means] = {
    "08": Means(Unavailable, "The connection to the database failed or broke."),
    "0A": Means(InvalidCall, "The database does not support this query."),
    "21": Means(InvalidCall, "A subquery gave more than one row."),
    "22": Means(
        InvalidCall, "A value does not fit: a wrong number, date or text for its column, or a division by zero."
    ),
    "22P02": Means(InvalidCall, "A value cannot be read as its column's type."),
    "25006": Means(Forbidden, "It would write, and this library only reads."),
    "28": Means(NeedsReconnect, "The database does not accept this user or its password."),
    "28P01": Means(NeedsReconnect, "The password is wrong."),
    "3D": Means(NeedsReconnect, "There is no database of that name."),
    "40": Means(TryLater, "The query lost a race against another and was undone."),
    "42": Means(InvalidCall, "The query is wrong."),
    "42501": Means(Forbidden, "The database's own permissions do not let this user read it."),
    "42703": Means(InvalidCall, "There is no column of that name."),
    "42883": Means(InvalidCall, "This comparison does not exist for the column's type."),
    "42P01": Means(NotFound, "There is no table of that name."),
    "53": Means(Unavailable, "The database is out of connections, memory or disk."),
    "54": Means(InvalidCall, "The query is too big or too complex for the database."),
    "55P03": Means(TryLater, "The table is locked by somebody else."),
    "57": Means(Unavailable, "The database is stopping, starting or was interrupted."),
    "57014": Means(InvalidCall, "The query took longer than the connection's limit: narrow it, or raise the limit."),
    "58": Means(Unavailable, "The database server has trouble with its own system."),
    "XX": Means(Unavailable, "The database failed within."),
}


class SqlStates(Mapping[str, Means]):
    """The table, asked by a whole code: its own row, else its class's. Other rows may be added."""

    def __init__(self, more: Mapping[str, Means] | None = None) -> None:
        self.rows = {**CODES, **(more or {})}

    def __getitem__(self, code: str) -> Means:
        found = self.rows.get(code) or (self.rows.get(code[:2]) if len(code) == 5 else None)
        if found is None:
            raise KeyError(code)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)
