"""What PostgreSQL's error codes mean to a caller who only reads.

The codes: https://www.postgresql.org/docs/current/errcodes-appendix.html. The first two characters of a code are its
class; a code that is not listed means what its class means.
"""

from collections.abc import Iterator, Mapping

from plugfn.errors import Forbidden, InvalidCall, NeedsReconnect, NotFound, TryLater, Unavailable
from plugfn.net.answer import Means

CODES: Mapping[str, Means] = {
    "08": Means(Unavailable, "The connection to the database failed or broke."),
    "0A": Means(InvalidCall, "The database does not support this query."),
    "21": Means(InvalidCall, "A subquery returned more than one row."),
    "22": Means(
        InvalidCall, "A value is not valid: a wrong number, date or text for its column, or a division by zero."
    ),
    "22P02": Means(InvalidCall, "A value cannot be read as its column's type."),
    "25006": Means(Forbidden, "The query would write, and PlugFn only reads."),
    "28": Means(NeedsReconnect, "The database does not accept this user or its password."),
    "28P01": Means(NeedsReconnect, "The password is wrong."),
    "3D": Means(NeedsReconnect, "The database does not exist."),
    "40": Means(TryLater, "The query conflicted with another one and was rolled back."),
    "42": Means(InvalidCall, "The query is wrong."),
    "42501": Means(Forbidden, "The database's own permissions do not let this user read it."),
    "42703": Means(InvalidCall, "The column does not exist."),
    "42883": Means(InvalidCall, "The column's type does not support this comparison or function."),
    "42P01": Means(NotFound, "The table does not exist."),
    "53": Means(Unavailable, "The database is out of connections, memory or disk."),
    "54": Means(InvalidCall, "The query is too big or too complex for the database."),
    "55P03": Means(TryLater, "Another session has locked the table."),
    "57": Means(Unavailable, "The database is starting or stopping, or an administrator interrupted the query."),
    "57014": Means(InvalidCall, "The query took longer than the connection's limit: narrow it, or raise the limit."),
    "58": Means(Unavailable, "The database server's operating system reported an error."),
    "XX": Means(Unavailable, "The database had an internal error."),
}


class SqlStates(Mapping[str, Means]):
    """Looks up a five-character code: its own row, else its class's row. `more` adds rows."""

    def __init__(self, more: Mapping[str, Means] | None = None) -> None:
        self.rows = {**CODES, **(more or {})}

    def __getitem__(self, code: str) -> Means:
        means = self.rows.get(code) or (self.rows.get(code[:2]) if len(code) == 5 else None)
        if means is None:
            raise KeyError(code)
        return means

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)
