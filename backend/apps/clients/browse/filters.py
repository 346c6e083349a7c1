"""Filters of lists of millions of rows: their choices are read from an index, never from the rows."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db import connection, models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

# A filter offers at most this many values.
MOST = 100

# A walk along an index from one value to the next: as many steps as there are values, however many rows there are.
_DISTINCT = """
    WITH RECURSIVE walk AS (
        (SELECT {column} AS value FROM {table} {where} ORDER BY {column} LIMIT 1)
        UNION ALL
        SELECT (SELECT {column} FROM {table} WHERE {column} > walk.value {also} ORDER BY {column} LIMIT 1)
        FROM walk WHERE walk.value IS NOT NULL
    )
    SELECT value FROM walk WHERE value IS NOT NULL LIMIT {most}
"""


def distinct(model: type[models.Model], column: str, condition: str = "") -> list[str]:
    """The values of a column that is the first of an index. `condition` is that of a partial index. No user's text."""
    statement = _DISTINCT.format(
        table=model._meta.db_table,
        column=column,
        where=f"WHERE {condition}" if condition else "",
        also=f"AND {condition}" if condition else "",
        most=MOST,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [value for (value,) in cursor.fetchall()]


class Choices(admin.SimpleListFilter):
    """A filter by one column. Subclass it, or call `Choices.of`."""

    column: ClassVar[str]
    offered: ClassVar[Callable[[], Iterable[tuple[str, Any]]]]

    @classmethod
    def of(cls, column: str, label: Any, offered: Callable[[], Iterable[tuple[str, Any]]]) -> type["Choices"]:
        """A filter by `column` that offers these (value, text)."""
        return type(
            f"{column.title()}Choices",
            (cls,),
            {"column": column, "parameter_name": column, "title": label, "offered": staticmethod(offered)},
        )

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(type(self).offered())

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.filter(**{self.column: self.value()}) if self.value() is not None else queryset


class Tombstones(admin.SimpleListFilter):
    """Hides deleted rows, unless a person asks for them."""

    title, parameter_name = _("deleted rows"), "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("only", _("Only deleted ones")), ("all", _("Deleted ones too"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": pgettext("deleted rows", "Hidden")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "only")
