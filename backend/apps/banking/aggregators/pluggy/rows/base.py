"""What all rows made of Pluggy's objects have in common, and when one is refused.

Unknown fields and unknown enum values are kept, missing ones tolerated; what no column holds is in `extra`. Only what
makes a row useless is refused: no id, or a transaction without a day or a sound amount.
"""

from collections.abc import Callable, Iterable
from typing import Any

from apps.banking.aggregators.contract import Page, RefusedRow, Row
from apps.banking.aggregators.pluggy.rows.values import Doc, instant

Mapper = Callable[[Doc], Row]
ID_LENGTH = 100
ALWAYS = {"id", "createdAt", "updatedAt"}


def mapped(mapper: Mapper, docs: Iterable[Doc]) -> Page:
    """All objects of a page through one of the mappers below."""
    page = Page()
    for doc in docs:
        try:
            page.rows.append(mapper(doc))
        except RefusedRow as bad:
            page.refused.append(bad)
    return page


def base(doc: Doc, extra: Doc) -> Row:
    return {
        "vendor_id": vendor_id(doc),
        "vendor_created_at": instant(doc, "createdAt", extra),
        "vendor_updated_at": instant(doc, "updatedAt", extra),
        "extra": extra,
    }


def vendor_id(doc: Doc) -> str:
    """The object's id as text. Raises RefusedRow."""
    value = doc.get("id")
    given = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not given or len(given) > ID_LENGTH or not given.isprintable() or not given.isascii():
        raise RefusedRow("ROW_WITHOUT_ID")
    return given


def rest(doc: Doc, held: frozenset[str]) -> Doc:
    return {name: value for name, value in doc.items() if value is not None and name not in held}


def needed(value: Any, code: str, row: Row) -> Any:
    if value is None:
        raise RefusedRow(code, str(row["vendor_id"]))
    return value
