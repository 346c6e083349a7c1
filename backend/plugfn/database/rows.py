"""What a database provider returns: rows as JSON types, and tables with their columns."""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import JsonValue

from plugfn.definition import Model, Result

MOST_BYTES = 2_000_000
"""The most bytes that the rows of one result may take as JSON."""


_LONE = re.compile("[\ud800-\udfff]")


class Rows(Result):
    """Rows, in order. `truncated`: there are more rows, left out because of the limit on rows or bytes.

    Whole numbers, booleans and text are JSON values of the same type. Exact decimals are strings of their digits, so
    that no cent is lost. Dates and times are ISO 8601 strings, binary values are hex after `\\x`, JSON is unchanged."""

    columns: list[str]
    rows: list[dict[str, JsonValue]]
    truncated: bool = False
    count: int | None = None
    """How many rows match in all, ignoring limit and offset; only set when the query asked for a count."""


class Column(Result):
    """A column. `type` is the database's name of the type."""

    name: str
    type: str
    nullable: bool = True


class Table(Result):
    """A table or view that may be read. `columns` is empty when the server does not list them."""

    name: str
    columns: list[Column] = []


class Tables(Result):
    """The tables that the connection allows and that exist."""

    tables: list[Table]


class NoParams(Model):
    """An action that needs no parameters."""


class Access(Result):
    """Whose database answers, and what is unsafe about the connection, in plain words. No warnings: it is safe."""

    label: str
    warnings: list[str] = []

    def line(self) -> str:
        """Label and warnings in one line."""
        return f"{self.label}. Warning: {' '.join(self.warnings)}" if self.warnings else self.label


def replace_lone_surrogates(value: Any) -> Any:
    """A JSON value in which U+FFFD replaces lone surrogates, which PostgreSQL's json may contain and UTF-8 cannot."""
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [replace_lone_surrogates(part) for part in value]
    if isinstance(value, dict):
        return {replace_lone_surrogates(name): replace_lone_surrogates(part) for name, part in value.items()}
    return value


def count_that_fit(sizes: Iterable[int], most: int) -> int:
    """How many of the rows with these sizes fit into `most` bytes together."""
    total = fit = 0
    for size in sizes:
        total += size
        if total > most:
            break
        fit += 1
    return fit
