"""What all rows made of Pluggy's objects have in common, and when one is refused.

Unknown fields and unknown enum values are kept, missing ones tolerated; what no column holds is in `extra`. Only what
makes a row useless is refused: no id, or a transaction without a day or a sound amount.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from apps.banking.aggregators.pluggy.rows.values import Doc, instant
from lib.errors import ErrorType, Unexpected

Row = dict[str, Any]
Mapper = Callable[[Doc], Row]
ID_LENGTH = 100
ALWAYS = {"id", "createdAt", "updatedAt"}


class BadRow(Unexpected):
    """An object that cannot be stored. `vendor_id` is its id, where it has one; `code` names what is wrong."""

    default_type = ErrorType.INTERNAL_ERROR

    def __init__(self, code: str, vendor_id: str = "") -> None:
        super().__init__(f"Pluggy sent a row that cannot be stored: {code}", code=code)
        self.vendor_id = vendor_id


@dataclass(repr=False)
class Mapped:
    """Rows, and what was refused instead of failing the whole page."""

    rows: list[Row] = field(default_factory=list)
    refused: list[BadRow] = field(default_factory=list)

    @property
    def seen(self) -> list[str]:
        """Every id that was there: a refused row is no missing one."""
        return [row["vendor_id"] for row in self.rows] + [bad.vendor_id for bad in self.refused if bad.vendor_id]


def mapped(mapper: Mapper, docs: Iterable[Doc]) -> Mapped:
    """All objects of a page through one of the mappers below."""
    found = Mapped()
    for doc in docs:
        try:
            found.rows.append(mapper(doc))
        except BadRow as bad:
            found.refused.append(bad)
    return found


def base(doc: Doc, extra: Doc) -> Row:
    return {
        "vendor_id": vendor_id(doc),
        "vendor_created_at": instant(doc, "createdAt", extra),
        "vendor_updated_at": instant(doc, "updatedAt", extra),
        "extra": extra,
    }


def vendor_id(doc: Doc) -> str:
    """The object's id as text. Raises BadRow."""
    value = doc.get("id")
    given = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not given or len(given) > ID_LENGTH or not given.isprintable() or not given.isascii():
        raise BadRow("ROW_WITHOUT_ID")
    return given


def rest(doc: Doc, held: frozenset[str]) -> Doc:
    return {name: value for name, value in doc.items() if value is not None and name not in held}


def needed(value: Any, code: str, row: Row) -> Any:
    if value is None:
        raise BadRow(code, row["vendor_id"])
    return value
