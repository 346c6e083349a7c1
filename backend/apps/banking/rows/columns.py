"""Which columns of a model a merge writes, and how a plain row becomes a line of COPY: digested, sealed, escaped.

All of it is read off the model: what is the aggregator's is every column that is neither bookkeeping nor one of
`own_columns`; `x_sealed` holds what the row calls `x`, and `x_index` its blind index.

Millions of rows pass through here, so columns of one kind are taken out of a row and written together.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from operator import itemgetter
from typing import Any, TypeAlias

from django.db import models

from apps.banking.models.base import VendorRow, indexed
from lib import crypto
from lib.sealed import encode

Row = dict[str, Any]
Field: TypeAlias = "models.Field[Any, Any]"
BOOKKEEPING = {"id", "digest", "created_at", "updated_at", "deleted_at"}
# A newer stamp alone is no change: it is written along with one, and not compared.
NOT_COMPARED = "vendor_updated_at"
NULL = "\\N"

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_text(value: str | None) -> str:
    """Text as COPY's text format has it."""
    return NULL if value is None else value.translate(_ESCAPES)


def _plain(value: Any) -> str:
    # Numbers, dates and booleans as Python writes them are what PostgreSQL reads.
    return NULL if value is None else str(value)


def _json(value: Any) -> str:
    # jsonb, unlike sealed JSON, is read by the database: a Decimal is a number there.
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
    """A row on its way: compared columns as COPY text, secrets as JSON, and the digest of both."""

    row: Row
    text: str
    secrets: list[bytes]
    digest: bytes


class Columns:
    """The columns of `model` when the columns of `scope` are the same for a whole merge.

    `key` is the natural key's column that differs from row to row; None if the scope alone is the key.
    """

    def __init__(self, model: type[VendorRow], scope: tuple[str, ...]) -> None:
        fields = sorted((f for f in model._meta.concrete_fields if _merged(model, f, scope)), key=lambda f: f.attname)
        self.model, self.scope = model, scope
        self.key = next((name for name in model.natural_key if name not in scope), None)
        self.texts = _named(fields, lambda f: isinstance(f, models.CharField | models.TextField))
        self.objects = _named(fields, lambda f: isinstance(f, models.JSONField))
        binary = _named(fields, lambda f: isinstance(f, models.BinaryField))
        held = {*self.texts, *self.objects, *binary, NOT_COMPARED}
        self.values = tuple(f.attname for f in fields if f.attname not in held)
        self.sealed = tuple(name.removesuffix("_sealed") for name in binary if name.endswith("_sealed"))
        self.indexed = tuple(name.removesuffix("_index") for name in binary if name.endswith("_index"))
        self._empty = self._empty_row()
        self._texts, self._values = _getter(self.texts), _getter(self.values)
        self._objects, self._sealed = _getter(self.objects), _getter(self.sealed)

    @property
    def names(self) -> list[str]:
        """The database's names, in the order of a line."""
        secret = [*(f"{name}_index" for name in self.indexed), *(f"{name}_sealed" for name in self.sealed)]
        return [*self.texts, *self.values, *self.objects, "digest", NOT_COMPARED, *secret]

    @property
    def updated(self) -> list[str]:
        """What a merge overwrites in a row that is there."""
        return [name for name in self.names if name not in self.model.natural_key]

    def digest_all(self, rows: Iterable[Row]) -> dict[Any, Digested]:
        """Rows by key, of equal keys the last, with the digests of their content; nothing is sealed yet."""
        digest, key, sealed = crypto.digester(self.model._meta.label), self.key, self._sealed
        width = len(self._empty)
        found = {}
        for given in rows:
            row = given if len(given) >= width else {**self._empty, **given}
            text = self._text(row)
            secrets = [encode(value) if value else b"" for value in sealed(row)]
            content = b"\x00".join((text.encode(), *secrets))
            found[row[key] if key else None] = Digested(row, text, secrets, digest(content))
        return found

    def _empty_row(self) -> Row:
        """What a row holds where the aggregator left a column out."""
        filled = {*self.texts, *self.values, *self.objects, NOT_COMPARED}
        defaults = {field.attname: field.get_default() for field in self.model._meta.concrete_fields}
        return {name: defaults[name] for name in filled} | dict.fromkeys(self.sealed, "")

    def lines(self, rows: Iterable[Digested], scope: Mapping[str, Any]) -> Iterator[str]:
        """Lines of COPY in text format, their sealed columns sealed."""
        seal, context = crypto.ring().seal, self._context(scope)
        endings = [f"|{name}_sealed" for name in self.sealed]
        for digested in rows:
            row = digested.row
            parts = [digested.text, "\\\\x" + digested.digest.hex(), _plain(row[NOT_COMPARED])]
            parts += [_bytes(indexed(row[name], name)) for name in self.indexed]
            named = context + row[self.key] if self.key else context
            for secret, ending in zip(digested.secrets, endings, strict=True):
                parts.append("\\\\x" + seal(secret, named + ending).hex() if secret else NULL)
            yield "\t".join(parts)

    def _context(self, scope: Mapping[str, Any]) -> str:
        """What `VendorRow.seal_context` says before the key of a row."""
        known = [str(scope[name]) for name in self.model.natural_key if name != self.key]
        return "|".join([self.model._meta.label, *known, *([""] if self.key else [])])

    def _text(self, row: Row) -> str:
        """The compared columns, escaped and joined."""
        texts = self._texts(row)
        joined = "\t".join(texts)
        if "\\" in joined or "\n" in joined or "\r" in joined or joined.count("\t") != len(texts) - 1:
            joined = "\t".join([copy_text(value) for value in texts])
        rest = [NULL if value is None else str(value) for value in self._values(row)]
        return "\t".join([joined, *rest, *map(_json, self._objects(row))] if self.objects else [joined, *rest])


def _named(fields: list[Field], chosen: Callable[[Field], bool]) -> tuple[str, ...]:
    return tuple(field.attname for field in fields if chosen(field))


@lru_cache
def columns(model: type[VendorRow], scope: tuple[str, ...]) -> Columns:
    """The columns of a model, found once. `scope` holds database names, such as ("account_id", "client_id")."""
    return Columns(model, scope)


def _merged(model: type[VendorRow], field: Field, scope: tuple[str, ...]) -> bool:
    ours = {*BOOKKEEPING, *scope, *model.own_columns}
    if field.name in ours or field.attname in ours:
        return False
    return not field.is_relation or field.attname in model.natural_key
