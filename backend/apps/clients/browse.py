"""Admin pages over tables of millions of rows: nothing is counted to its end, nothing sealed is shown."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property

COUNT_LIMIT = 1_000


class BoundedPaginator(Paginator):
    """Counts no further than COUNT_LIMIT: what lies behind is found by searching, not by leafing."""

    object_list: models.QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNT_LIMIT].count()


class BrowseAdmin(admin.ModelAdmin):
    """Rows to look at, not to edit, newest first. Search is by exact plain ids, which have indexes."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Digests, blind indexes and everything sealed are binary.
        fields = self.model._meta.concrete_fields
        return tuple(field.name for field in fields if not isinstance(field, models.BinaryField))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)
