"""Read-only admin pages for tables of millions of rows: bounded, indexed, translated, without sealed columns."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib.admin.utils import unquote
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from apps.clients.browse import columns
from apps.clients.browse.audited import AuditedAdmin
from apps.clients.browse.paginator import COUNT_LIMIT, BoundedPaginator

Field = str | Callable[[Any], Any]


class Readable:
    """What lists, detail pages and inlines of read-only rows share."""

    model: type[models.Model]

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    @cached_property
    def readable(self) -> tuple[Field, ...]:
        """Every column but the binary ones: digests, blind indexes and sealed columns. Moments have seconds."""
        fields = self.model._meta.concrete_fields
        return tuple(columns.plain(field) for field in fields if not isinstance(field, models.BinaryField))

    @cached_property
    def _plain(self) -> dict[str, Field]:
        return {field.name: columns.plain(field) for field in self.model._meta.concrete_fields}

    def in_words(self, names: Sequence[Field]) -> tuple[Field, ...]:
        """The same columns, with their names in the reader's language."""
        return tuple(
            self._plain.get(name, name) if isinstance(name, str) and not hasattr(self, name) else name for name in names
        )


class BrowseAdmin(Readable, AuditedAdmin):
    """Rows that staff look at and do not edit, newest first.

    Search is by exact ids, which have indexes. `finds` says in words what the search looks for. `menu` is the heading
    under which the navigation has this list, and `icon` a name of Google's Material Symbols.
    """

    paginator = BoundedPaginator
    count_limit = COUNT_LIMIT
    show_full_result_count = False
    # unfold spends some milliseconds on each row.
    list_per_page = 30
    ordering: ClassVar[Sequence[str]] = ("-pk",)
    # A click on a heading would sort ten million rows.
    sortable_by: ClassVar[Sequence[str] | None] = ()
    list_disable_select_all = True
    list_filter_sheet = True
    change_form_outer_before_template = "clients/admin/verbs.html"
    finds: ClassVar[Any] = ""
    menu: ClassVar[str] = "more"
    icon: ClassVar[str] = "table_rows"
    # Of the detail page: (heading, fields). Empty: every readable column.
    sections: ClassVar[Sequence[tuple[Any, Sequence[Field]]]] = ()

    @property
    def search_help_text(self) -> Any:
        return self.finds or _("Exact id")

    @search_help_text.setter
    def search_help_text(self, value: Any) -> None:
        """Django sets a default on the class only; the property wins."""

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[Field, ...]:
        return self.in_words([field for _, fields in self.sections for field in fields]) or self.readable

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[Field, ...]:
        return self.get_fields(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        if not self.sections:
            return [(None, {"fields": self.get_fields(request, obj)})]
        return [(heading, {"fields": self.in_words(fields)}) for heading, fields in self.sections]

    def get_list_display(self, request: HttpRequest) -> tuple[Field, ...]:
        return self.in_words(super().get_list_display(request))

    def get_list_display_links(self, request: HttpRequest, list_display: Sequence[Field]) -> list[Field]:
        """The first column that is no link itself, so that a click on a row always opens it."""
        if self.list_display_links:
            return list(self.in_words(self.list_display_links))
        return [next((one for one in list_display if not str(_name(one)).endswith("_link")), list_display[0])]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def response_action(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        """Act on the chosen rows, whatever the list's filters hide; never on "all rows" of a list of millions."""
        post = request.POST.copy()
        post.pop("select_across", None)
        request.POST = post  # type: ignore[assignment]
        answer: HttpResponse | None = super().response_action(request, self.get_queryset(request))
        back = post.get("_back", "")
        if isinstance(answer, HttpResponseRedirect) and back and url_has_allowed_host_and_scheme(back, None):
            return HttpResponseRedirect(back)
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """The detail page, with a button for each verb that the person may use."""
        verbs = [
            {"name": name, "label": label, "verb": getattr(function, "verb", None)}
            for name, (function, _name, label) in self.get_actions(request).items()
            if getattr(function, "verb", None)
        ]
        extra = {"verbs": verbs, "row_pk": unquote(object_id), **(extra_context or {})}
        answer: HttpResponseBase = super().change_view(request, object_id, form_url, extra)
        return answer


def _name(column: Field) -> str:
    return column if isinstance(column, str) else column.__name__


class BrowseInline(Readable, TabularInline):
    """Rows that belong to another, on its detail page. `most` bounds how many are shown."""

    extra = 0
    max_num = 0
    can_delete = False
    # The first column is the link: the row's own name would take a line of its own.
    hide_title = True
    most: ClassVar[int] = 20

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[Field, ...]:
        return self.in_words(tuple(self.fields or ()))

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[Field, ...]:
        return self.get_fields(request, obj)
