"""Rows between two days."""

from typing import Any, TypeVar

from django.db.models import QuerySet

Rows = TypeVar("Rows", bound=QuerySet[Any])


def between(rows: Rows, query: dict[str, Any], column: str = "date") -> Rows:
    """The rows from `date_from` to `date_to` of a query; both days are included, and each may be missing."""
    if "date_from" in query:
        rows = rows.filter(**{f"{column}__gte": query["date_from"]})
    return rows.filter(**{f"{column}__lte": query["date_to"]}) if "date_to" in query else rows
