"""The columns that a merge writes, and how a plain row becomes a line of COPY: digested, sealed, escaped.

The model says which columns these are: all but the bookkeeping and `own_columns`. The column `x_sealed` holds the row's
value `x`, and `x_index` its blind index.

Millions of rows pass through here, so the columns of one type are read from a row and written together.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from operator import itemgetter
from typing import Any, TypeAlias

from django.db import models

from apps.banking.aggregators.contract import Row
from apps.banking.models.base import VendorRow, indexed
from lib import crypto
from lib.sealed import encode

Field: TypeAlias = "models.Field[Any, Any]"
BOOKKEEPING = {"id", "digest", "created_at", "updated_at", "deleted_at"}
# A newer stamp alone does not count as a change: it is not compared, and is written together with other changes.
NOT_COMPARED = "vendor_updated_at"
NULL = "\\N"

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_text(value: str | None) -> str:
    """A value in COPY's text format."""
    return NULL if value is None else value.translate(_ESCAPES)


def _plain(value: Any) -> str:
    # PostgreSQL reads numbers, dates and booleans as Python writes them.
    return NULL if value is None else str(value)


def _json(value: Any) -> str:
    # The database reads jsonb (unlike sealed JSON), so a Decimal becomes a number.
    return NULL if value is None else copy_text(json.dumps(value, default=_number, sort_keys=True))


def _number(value: Any) -> float | str:
    number = float(value)
    return number if isfinite(number) else str(value)


def _bytes(value: bytes | None) -> str:
    return NULL if value is None else "\\\\x" + value.hex()


def _getter(names: tuple[str, ...]) -> Callable[[Row], tuple[Any, ...]]:
    if len(names) == 1:
        return lambda row: (row[names[0]],)
    return itemgetter(*names) if names else lambda row: ()


@dataclass(slots=True, repr=False)
class Digested:
    """A row before it is sealed: its compared columns as COPY text, its secrets as JSON, and the digest of both."""

    row: Row
    text: str
    secrets: list[bytes]
    digest: bytes


class Columns:
    """The columns of `model` for merges in which all rows share the columns of `scope`.

    `key` is the column of the natural key that is not in `scope`; None if the scope is the whole key.
    """

    def __init__(self, model: type[VendorRow], scope: tuple[str, ...]) -> None:
        fields = sorted((f for f in model._meta.concrete_fields if _merged(model, f, scope)), key=lambda f: f.attname)
        self.model, self.scope = model, scope
        self.key = next((name for name in model.natural_key if name not in scope), None)
        self.texts = _named(fields, lambda f: isinstance(f, models.CharField | models.TextField))
        self.objects = _named(fields, lambda f: isinstance(f, models.JSONField))
        binary = _named(fields, lambda f: isinstance(f, models.BinaryField))
        not_values = {*self.texts, *self.objects, *binary, NOT_COMPARED}
        self.values = tuple(f.attname for f in fields if f.attname not in not_values)
        self.sealed = tuple(name.removesuffix("_sealed") for name in binary if name.endswith("_sealed"))
        self.indexed = tuple(name.removesuffix("_index") for name in binary if name.endswith("_index"))
        self._empty = self._empty_row()
        self._texts, self._values = _getter(self.texts), _getter(self.values)
        self._objects, self._sealed = _getter(self.objects), _getter(self.sealed)
        self._indexed = _getter(self.indexed)

    @property
    def names(self) -> list[str]:
        """The names of the columns in the database, in the order of a line."""
        secret = [*(f"{name}_index" for name in self.indexed), *(f"{name}_sealed" for name in self.sealed)]
        return [*self.texts, *self.values, *self.objects, "digest", NOT_COMPARED, *secret]

    @property
    def updated(self) -> list[str]:
        """The columns that a merge overwrites in an existing row."""
        return [name for name in self.names if name not in self.model.natural_key]

    def digest_all(self, rows: Iterable[Row]) -> dict[Any, Digested]:
        """Compute the digests of rows, by key. Of several rows with one key, the last one counts. Nothing is sealed."""
        digest, key, sealed = crypto.digester(self.model._meta.label), self.key, self._sealed
        width = len(self._empty)
        by_key = {}
        for plain in rows:
            row = plain if len(plain) >= width else {**self._empty, **plain}
            text = self._text(row)
            secrets = [encode(value) if value else b"" for value in sealed(row)]
            content = b"\x00".join((text.encode(), *secrets))
            by_key[row[key] if key else None] = Digested(row, text, secrets, digest(content))
        return by_key

    def _empty_row(self) -> Row:
        """The values of columns that the aggregator leaves out."""
        filled = {*self.texts, *self.values, *self.objects, NOT_COMPARED}
        defaults = {field.attname: field.get_default() for field in self.model._meta.concrete_fields}
        return {name: defaults[name] for name in filled} | dict.fromkeys(self.sealed, "")

    def lines(self, rows: Iterable[Digested], scope: Mapping[str, Any]) -> Iterator[str]:
        """Lines in COPY's text format, with the sealed columns encrypted."""
        seal, context = crypto.ring().seal, self._context(scope)
        endings = [f"|{name}_sealed" for name in self.sealed]
        for digested in rows:
            row = digested.row
            parts = [digested.text, "\\\\x" + digested.digest.hex(), _plain(row[NOT_COMPARED])]
            searched = zip(self.indexed, self._indexed(row), strict=True)
            parts += [_bytes(indexed(value, name)) for name, value in searched]
            row_context = context + str(row[self.key]) if self.key else context
            for secret, ending in zip(digested.secrets, endings, strict=True):
                parts.append("\\\\x" + seal(secret, row_context + ending).hex() if secret else NULL)
            yield "\t".join(parts)

    def _context(self, scope: Mapping[str, Any]) -> str:
        """The beginning of `VendorRow.seal_context`, up to the key of the row."""
        shared = [str(scope[name]) for name in self.model.natural_key if name != self.key]
        return "|".join([self.model._meta.label, *shared, *([""] if self.key else [])])

    def _text(self, row: Row) -> str:
        """The compared columns as one text, escaped and joined."""
        texts = self._texts(row)
        joined = "\t".join(texts)
        if "\\" in joined or "\n" in joined or "\r" in joined or joined.count("\t") != len(texts) - 1:
            joined = "\t".join([copy_text(value) for value in texts])
        rest = [NULL if value is None else str(value) for value in self._values(row)]
        return "\t".join([joined, *rest, *map(_json, self._objects(row))] if self.objects else [joined, *rest])


def _named(fields: list[Field], accepts: Callable[[Field], bool]) -> tuple[str, ...]:
    return tuple(field.attname for field in fields if accepts(field))


@lru_cache
def columns(model: type[VendorRow], scope: tuple[str, ...]) -> Columns:
    """The columns of a model, computed once. `scope` holds names of columns, such as ("account_id", "client_id")."""
    return Columns(model, scope)


def _merged(model: type[VendorRow], field: Field, scope: tuple[str, ...]) -> bool:
    """Whether a merge takes the value of this column from the aggregator's row."""
    others = {*BOOKKEEPING, *scope, *model.own_columns}
    if field.name in others or field.attname in others:
        return False
    return not field.is_relation or field.attname in model.natural_key
