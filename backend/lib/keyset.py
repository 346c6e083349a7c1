"""Pages of a long list by its order: each begins after the last row of the one before, so all of them cost the same."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import Q

Row = TypeVar("Row", bound=models.Model)
# No order has columns that need more.
_LONGEST = 400


class BadCursor(ValueError):
    """A cursor that none of our pages gave out for this order."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list. `next` is the cursor of the page after this one; empty on the last page."""

    rows: list[Row]
    next: str = ""


@dataclass(frozen=True)
class Keyset:
    """An order of a list, such as ("-date", "-id"). The last column is unique and never NULL.

    Another column may be NULL if it descends: rows without a value come first then, as in PostgreSQL. Where all columns
    go in the same direction, an index over them serves every page.
    """

    order: Sequence[str]

    def page(self, rows: models.QuerySet[Row], cursor: str = "", *, size: int) -> Page[Row]:
        """At most `size` rows after `cursor`, in this order. Raises BadCursor."""
        ordered = rows.order_by(*self.order)
        if cursor:
            ordered = ordered.filter(self._after(self._read(rows.model, cursor)))
        found = list(ordered[: size + 1])
        return Page(found[:size], self.cursor(found[size - 1]) if len(found) > size else "")

    def cursor(self, row: models.Model) -> str:
        """The cursor of the page that begins after `row`."""
        values = [_field(type(row), name).value_to_string(row) for name in self._names]
        return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()

    @property
    def _names(self) -> list[str]:
        return [name.lstrip("-") for name in self.order]

    def _read(self, model: type[models.Model], cursor: str) -> list[Any]:
        try:
            if len(cursor) > _LONGEST:
                raise BadCursor
            texts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            # PostgreSQL has no text with a NUL, and a text column does not check for it.
            if not isinstance(texts, list) or not all(isinstance(text, str) and "\0" not in text for text in texts):
                raise BadCursor
            pairs = zip(self._names, texts, strict=True)
            # `clean` rejects what the column cannot hold, such as a number beyond its range.
            return [_value(_field(model, name), text) for name, text in pairs]
        except (ValueError, ValidationError, binascii.Error, RecursionError) as error:
            raise BadCursor("this cursor does not belong to this list") from error

    def _after(self, values: list[Any]) -> Q:
        """(a, b) after (x, y), as a < x or (a = x and b < y), and a <= x besides, which an index understands."""
        condition, equal = Q(), Q()
        for column, name, value in zip(self.order, self._names, values, strict=True):
            beyond = (
                Q(**{f"{name}__{_beyond(column)}": value}) if value is not None else Q(**{f"{name}__isnull": False})
            )
            condition |= equal & beyond
            equal &= Q(**{name: value})
        if values[0] is None:
            return condition
        first = f"{self._names[0]}__{_beyond(self.order[0])}e"
        return Q(**{first: values[0]}) & condition


def _beyond(column: str) -> str:
    return "lt" if column.startswith("-") else "gt"


def _value(field: "models.Field[Any, Any]", text: str) -> Any:
    return None if field.null and not text else field.clean(text, None)


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise FieldDoesNotExist(name)
    return field
