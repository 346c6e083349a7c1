"""The transactions of one account: sorted, filtered and paged as JSON bytes, without building objects."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator

from .wire import Doc, dump

Key = tuple[str, str]


def dump_row(row: "Row") -> bytes:
    """The body of a row that has neither bytes nor a `make`: its own fields."""
    return dump({"id": row.id, "date": row.date, "createdAt": row.created_at})


class Row:
    """One transaction. `date`, `created_at`, `updated_at` are ISO text. The body is JSON bytes, made when first read.

    A row has its bytes, or a `make` that builds them from the row's id and date."""

    __slots__ = ("_body", "_make", "created_at", "date", "id", "updated_at")

    def __init__(
        self,
        id: str,
        date: str,
        created_at: str,
        body: bytes | None = None,
        make: Callable[["Row"], bytes] = dump_row,
    ) -> None:
        self.id = id
        self.date = date
        self.created_at = created_at
        self.updated_at = created_at
        self._body = body
        self._make = make

    @property
    def body(self) -> bytes:
        """The row as the API shows it."""
        if self._body is None:
            self._body = self._make(self)
        return self._body

    def doc(self) -> Doc:
        """A new dictionary of the row."""
        found: Doc = json.loads(self.body)
        return found

    @property
    def key(self) -> Key:
        """The place in the order of the account: by date, then by id."""
        return self.date, self.id


class FleetingRow(Row):
    """A row that builds its bytes at every reading and stores none, for accounts too big for memory."""

    __slots__ = ()

    @property
    def body(self) -> bytes:
        """The row as the API shows it."""
        return self._make(self)


def row_of(doc: Doc) -> Row:
    """A row from its document."""
    row = Row(doc["id"], doc["date"], doc["createdAt"], dump(doc))
    row.updated_at = doc["updatedAt"]
    return row


class Ledger:
    """All rows of an account, newest first when read."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._keys: list[Key] | None = []
        self.first_created = ""

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, rows: Iterable[Row]) -> None:
        """Insert or replace rows by id."""
        for row in rows:
            self.rows[row.id] = row
            if not self.first_created or row.created_at < self.first_created:
                self.first_created = row.created_at
        self._keys = None

    def put(self, doc: Doc) -> None:
        """Insert or replace one row from its document."""
        self.add([row_of(doc)])

    def remove(self, row_id: str) -> None:
        """Take a row out; it must exist."""
        del self.rows[row_id]
        self._keys = None

    def keys(self) -> list[Key]:
        """(date, id) of all rows, ascending; sorted again only after a change."""
        if self._keys is None:
            self._keys = sorted(row.key for row in self.rows.values())
        return self._keys

    def newest_first(
        self, low: str = "", high: str = "~", created_from: str = "", after: Key | None = None
    ) -> Iterator[Row]:
        """Rows with low ≤ date ≤ high, ingested at or after `created_from`, that come after the cursor `after`."""
        keys = self.keys()
        start = bisect_left(keys, (low, ""))
        end = bisect_right(keys, (high, "~"))
        if after:
            end = min(end, bisect_left(keys, after))
        all_recent = not created_from or created_from <= self.first_created
        for position in range(end - 1, start - 1, -1):
            row = self.rows[keys[position][1]]
            if all_recent or row.created_at >= created_from:
                yield row

    def docs(self) -> list[Doc]:
        """All rows as documents, newest first."""
        return [row.doc() for row in self.newest_first()]
