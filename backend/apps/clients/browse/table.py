"""Rows and fields as their pages show them: a column's name is looked up once, and no widget is rendered for a row."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.core.exceptions import ObjectDoesNotExist
from django.template.defaultfilters import linebreaksbr
from django.utils.text import capfirst
from unfold.utils import display_for_value

from apps.clients.browse.columns import EMPTY

# A column: a field of the model, a method of its admin page, or a function of a row.
Field = str | Callable[[Any], Any]


@dataclass(frozen=True)
class Column:
    """One column or field of a page. `name` is a part of its CSS class, `label` is for people."""

    name: str
    label: Any
    value: Callable[[Any], Any]
    boolean: bool
    links: bool = False

    def shown(self, row: Any) -> Any:
        """The value for people: text, or HTML that is safe."""
        try:
            value = self.value(row)
        except ObjectDoesNotExist:
            return EMPTY
        return value if hasattr(value, "__html__") else display_for_value(value, EMPTY, self.boolean)

    def in_lines(self, row: Any) -> Any:
        """As `shown`, with the line breaks of a text, and a sign for an empty one."""
        value = self.shown(row) or EMPTY
        return value if hasattr(value, "__html__") else linebreaksbr(value, autoescape=True)


def columns_of(page: Any, fields: Iterable[Field], links: Sequence[Field] = ()) -> list[Column]:
    """The columns of a page that has `model`. Those in `links` lead to the row's page."""
    return [_column(page, field, links=field in links) for field in fields]


def _column(page: Any, field: Field, *, links: bool) -> Column:
    function = field if callable(field) else getattr(page, field, None)
    name = str(getattr(function, "__name__", field))
    label = capfirst(str(label_for_field(field, page.model, page)))
    value = function if callable(function) else lambda row: getattr(row, str(field))
    return Column(name, label, value, bool(getattr(function, "boolean", False)), links)


@dataclass(frozen=True)
class Table:
    """The rows of a list, or rows on the page of another. `address` is the page of a row."""

    columns: Sequence[Column]
    found: Iterable[Any]
    title: Any = ""
    address: Callable[[Any], str] | None = None

    def rows(self) -> Iterator[list[tuple[Column, Any, str]]]:
        """For each row its cells: the column, what is shown, and the address that a click leads to."""
        for row in self.found:
            address = self.address(row) if self.address else ""
            yield [(column, column.shown(row), address if column.links else "") for column in self.columns]
