"""CSV, for programs and for spreadsheets.

A spreadsheet runs a cell that begins like a formula, and a shop or a sender of money chooses the words of a
transaction, so such a text gets an apostrophe in front, which spreadsheets hide.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from io import StringIO
from typing import Any

from django.utils.translation import gettext_noop

from apps.banking.exports.records import Record

NAMES = [field.name for field in fields(Record)]
# For makemessages: the headings of spreadsheets are in the person's language.
HEADINGS = {
    "date": gettext_noop("Date"),
    "description": gettext_noop("Description"),
    "merchant": gettext_noop("Merchant"),
    "category": gettext_noop("Category"),
    "amount": gettext_noop("Amount"),
    "currency": gettext_noop("Currency"),
    "account": gettext_noop("Account"),
    "bank": gettext_noop("Bank"),
    "status": gettext_noop("Status"),
    "installment": gettext_noop("Instalment"),
    "note": gettext_noop("Note"),
    "hidden": gettext_noop("Hidden"),
    "id": gettext_noop("Number"),
}
_BOM = "\ufeff"
# Excel and LibreOffice take these for the beginning of a formula, in the wide forms of East Asian text too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Dialect:
    """How a CSV is written. `bom` lets Excel read it as UTF-8; `comma` writes a decimal comma."""

    delimiter: str = ","
    bom: bool = False
    comma: bool = False


PROGRAMS = Dialect()
# What a Brazilian or European spreadsheet opens with a double click.
SPREADSHEET = Dialect(delimiter=";", bom=True, comma=True)


def lines(records: Iterable[Record], dialect: Dialect = PROGRAMS, headings: Iterable[str] = NAMES) -> Iterator[str]:
    """The lines of the file, the headings first."""
    yield (_BOM if dialect.bom else "") + _line(headings, dialect)
    for record in records:
        yield _line([_cell(getattr(record, name), dialect) for name in NAMES], dialect)


def _line(cells: Iterable[str], dialect: Dialect) -> str:
    out = StringIO()
    csv.writer(out, delimiter=dialect.delimiter).writerow(cells)
    return out.getvalue()


def _cell(value: Any, dialect: Dialect) -> str:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",") if dialect.comma else f"{value:f}"
    return str(value)


def harmless(text: str) -> str:
    """The text, such that no spreadsheet runs it."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
