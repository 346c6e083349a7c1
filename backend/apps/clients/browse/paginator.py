"""Counting lists of millions of rows: an estimate for the whole table, an exact number up to a limit for a part."""

from typing import Any

from django.core.paginator import Paginator
from django.db import connection, models
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from apps.clients.browse.cards import number

COUNT_LIMIT = 1_000

_ESTIMATE = "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass"


def estimate(table: str) -> int:
    """How many rows the table had when PostgreSQL last looked. 0 if it has not looked yet."""
    with connection.cursor() as cursor:
        cursor.execute(_ESTIMATE, [table])
        return max(0, int(cursor.fetchone()[0]))


class BoundedPaginator(Paginator):
    """Offers the first COUNT_LIMIT rows. Later rows are found by a search or a filter, never by paging to them."""

    template_name = "clients/admin/pagination.html"
    object_list: models.QuerySet[Any]

    @cached_property
    def count(self) -> int:
        """The rows that can be paged to: never more than COUNT_LIMIT."""
        return self.object_list.order_by()[:COUNT_LIMIT].count()

    @cached_property
    def total(self) -> str:
        """The number of rows for people: exact below COUNT_LIMIT, else an estimate or only the limit."""
        if self.count < COUNT_LIMIT:
            return number(self.count)
        if self.object_list.query.where or self.object_list.query.distinct:
            return _("more than %(number)s") % {"number": number(COUNT_LIMIT)}
        rows = max(estimate(self.object_list.model._meta.db_table), COUNT_LIMIT)
        return _("about %(number)s") % {"number": number(rows)}
