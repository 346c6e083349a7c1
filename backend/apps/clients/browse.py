"""Admin pages for tables of millions of rows: they count to a limit, and show no sealed column."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property

COUNT_LIMIT = 1_000


class BoundedPaginator(Paginator):
    """Counts at most COUNT_LIMIT rows. To reach later rows, search for them."""

    object_list: models.QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNT_LIMIT].count()


class BrowseAdmin(admin.ModelAdmin):
    """Read-only rows, newest first. Search is by exact ids, which have indexes."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        # Binary columns are left out: digests, blind indexes and sealed columns.
        fields = self.model._meta.concrete_fields
        return tuple(field.name for field in fields if not isinstance(field, models.BinaryField))

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)
