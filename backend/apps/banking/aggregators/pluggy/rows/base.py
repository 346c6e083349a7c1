"""What all mappers share: the common columns, and the rules for refusing a row.

Mappers keep unknown fields (in `extra`) and unknown enum values, and tolerate missing fields. They refuse a row only if
it is useless: one without an id, or a transaction without a day or a valid amount.
"""

from collections.abc import Callable, Iterable
from typing import Any

from apps.banking.aggregators.contract import Page, RefusedRow, Row
from apps.banking.aggregators.pluggy.client.pages import Doc
from apps.banking.aggregators.pluggy.rows.values import instant

Mapper = Callable[[Doc], Row]
ID_LENGTH = 100
ALWAYS = {"id", "createdAt", "updatedAt"}


def mapped(mapper: Mapper, docs: Iterable[Doc]) -> Page:
    """Map all objects of a page with one mapper."""
    page = Page()
    for doc in docs:
        try:
            page.rows.append(mapper(doc))
        except RefusedRow as error:
            page.refused.append(error)
    return page


def base(doc: Doc, extra: Doc) -> Row:
    """The columns that all rows have. Raises RefusedRow."""
    return {
        "vendor_id": vendor_id(doc),
        "vendor_created_at": instant(doc, "createdAt", extra),
        "vendor_updated_at": instant(doc, "updatedAt", extra),
        "extra": extra,
    }


def vendor_id(doc: Doc) -> str:
    """The object's id as text. Raises RefusedRow."""
    value = doc.get("id")
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text or len(text) > ID_LENGTH or not text.isprintable() or not text.isascii():
        raise RefusedRow("ROW_WITHOUT_ID")
    return text


def unmapped(doc: Doc, mapped_names: frozenset[str]) -> Doc:
    """The fields that no column holds: the beginning of `extra`."""
    return {name: value for name, value in doc.items() if value is not None and name not in mapped_names}


def required(value: Any, code: str, row: Row) -> Any:
    """`value`. Raises RefusedRow if it is None."""
    if value is None:
        raise RefusedRow(code, str(row["vendor_id"]))
    return value
