"""What a database gives back: rows as JSON types, and tables with their columns."""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import JsonValue

from plugfn.definition import Model, Result

MOST_BYTES = 2_000_000
"""The most an answer's rows may take, as JSON."""


_LONE = re.compile("[\ud800-\udfff]")


class Rows(Result):
    """Rows, in order. `truncated`: there are more than these, left out for the limit on rows or bytes.

    Whole numbers, true and false and texts are themselves; exact decimals are strings of their digits, so that no
    cent is lost; dates and times are ISO 8601; binary values hex after `\\x`; JSON is as it is."""

    columns: list[str]
    rows: list[dict[str, JsonValue]]
    truncated: bool = False
    count: int | None = None
    """All the rows that fit, without limit and offset, when that was asked."""


class Column(Result):
    """A column: its type as the database names it."""

    name: str
    type: str
    nullable: bool = True


class Table(Result):
    """A table or view that may be read. No `columns`: the server does not tell them."""

    name: str
    columns: list[Column] = []


class Tables(Result):
    """The tables that the connection allows and that exist."""

    tables: list[Table]


class NoParams(Model):
    """An action that needs no parameters."""


class Access(Result):
    """Whether a connection works, and what about it is unsafe, in plain words. No warnings: as it should be."""

    label: str
    warnings: list[str] = []

    def line(self) -> str:
        """Both in one line."""
        return f"{self.label}. Warning: {' '.join(self.warnings)}" if self.warnings else self.label


def encodable(value: Any) -> Any:
    """A value of JSON with U+FFFD for what no encoding holds: PostgreSQL's json may have half a surrogate pair."""
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [encodable(part) for part in value]
    if isinstance(value, dict):
        return {encodable(name): encodable(part) for name, part in value.items()}
    return value


def within(sizes: Iterable[int], most: int) -> int:
    """How many of the rows with these sizes fit into `most` bytes together."""
    total = fit = 0
    for size in sizes:
        total += size
        if total > most:
            break
        fit += 1
    return fit
