"""Read-only admin pages for tables of millions of rows: bounded, indexed, translated, without sealed columns."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.views import ChangeList
from unfold.widgets import CHECKBOX_CLASSES

from apps.clients.browse import columns
from apps.clients.browse.audited import AuditedAdmin, Counted
from apps.clients.browse.paginator import COUNT_LIMIT, BoundedPaginator
from apps.clients.browse.table import Column, Field, Table, columns_of

_LOOK = " ".join(CHECKBOX_CLASSES)
_CHECKBOX = (
    f'<input type="checkbox" name="{ACTION_CHECKBOX_NAME}" value="{{}}" '
    f'class="action-select {_LOOK}" aria-label="{{}}">'
)
_TOGGLE = f'<input type="checkbox" id="action-toggle" class="action-toggle {_LOOK}" aria-label="{{}}">'


class Readable:
    """What pages of read-only rows and the tables on them share: columns with names in the reader's language."""

    model: type[models.Model]

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
    list_per_page = 30
    ordering: ClassVar[Sequence[str]] = ("-pk",)
    # A click on a heading would sort ten million rows.
    sortable_by: ClassVar[Sequence[str] | None] = ()
    list_filter_sheet = True
    change_list_template = "clients/admin/list.html"
    finds: ClassVar[Any] = ""
    menu: ClassVar[str] = "more"
    icon: ClassVar[str] = "table_rows"
    # Of the detail page: (heading, fields). Empty: every readable column.
    sections: ClassVar[Sequence[tuple[Any, Sequence[Field]]]] = ()

    # Rows of other tables on the detail page.
    tables: ClassVar[Sequence[type["BrowseTable"]]] = ()

    @property
    def search_help_text(self) -> Any:
        return self.finds or _("Exact id")

    @search_help_text.setter
    def search_help_text(self, value: Any) -> None:
        """Django sets a default on the class only; the property wins."""

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BrowseList

    @admin.display(description=_("Select record"))
    def action_checkbox(self, obj: models.Model) -> SafeString:
        """The box that chooses a row. unfold's renders a template for each row."""
        return format_html(_CHECKBOX, obj.pk, gettext("Select record"))

    def get_list_display(self, request: HttpRequest) -> tuple[Field, ...]:
        return self.in_words(super().get_list_display(request))

    def get_list_display_links(self, request: HttpRequest, list_display: Sequence[Field]) -> list[Field]:
        """The first column that is no link itself, so that a click on a row always opens it."""
        if self.list_display_links:
            return list(self.in_words(self.list_display_links))
        return [next((one for one in list_display if not str(_name(one)).endswith("_link")), list_display[0])]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filters of the page: any other column could be read letter by letter, or has no index."""
        fields = {one for one in self.list_filter if isinstance(one, str)}
        own = {one.parameter_name for one in self.list_filter if not isinstance(one, str)}
        return lookup in own or lookup.split("__", maxsplit=1)[0] in fields

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        """The detail page. Nothing can be changed, so no form is built: forms cost more than all the rest."""
        if object_id is None or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            answer: HttpResponseBase = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return answer
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": self.opts.verbose_name,
            "subtitle": str(row),
            "opts": self.opts,
            "original": row,
            # unfold leads back to the list, as it was filtered, from a page with a form.
            "adminform": True,
            "preserved_filters": self.get_preserved_filters(request),
            "sections": self._sections(row),
            "tables": self._tables(request, row),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "clients/admin/detail.html", context)

    def _sections(self, row: models.Model) -> list[tuple[Any, list[tuple[Column, Any]]]]:
        """The headings of the detail page, with their fields."""
        sections = self.sections or ((None, self.readable),)
        parts = ((heading, columns_of(self, self.in_words(fields))) for heading, fields in sections)
        return [(heading, [(field, field.in_lines(row)) for field in fields]) for heading, fields in parts]

    def _tables(self, request: HttpRequest, row: models.Model) -> list[Table]:
        """The tables of the detail page that the person may see."""
        pages = self.admin_site._registry
        return [kind().of(row) for kind in self.tables if pages[kind.model].has_view_permission(request)]


def _name(column: Field) -> str:
    return column if isinstance(column, str) else column.__name__


class BrowseList(Counted):
    """A list of rows to look at."""

    @cached_property
    def table(self) -> Table:
        """What the list's template shows."""
        links = self.list_display_links or ()
        return Table(columns_of(self.model_admin, self.list_display, links), self.result_list, address=self._address)

    @property
    def toggle(self) -> SafeString:
        """The box that chooses all rows of the page."""
        return format_html(_TOGGLE, gettext("Select all objects on this page for an action"))

    def _address(self, row: models.Model) -> str:
        """The row's page, from which "back" leads to this page of the list."""
        url = self.url_for_result(row)
        return f"{url}?{self.preserved_filters}" if self.preserved_filters else url


class BrowseTable(Readable):
    """Rows that belong to another, on its detail page: those that `key` leads to it from, the first `most` of them."""

    title: ClassVar[Any]
    key: ClassVar[str]
    fields: ClassVar[Sequence[Field]]
    ordering: ClassVar[Sequence[str]] = ("-pk",)
    most: ClassVar[int] = 20

    def of(self, owner: models.Model) -> Table:
        """The rows of `owner`."""
        rows = self.model._default_manager.filter(**{self.key: owner}).order_by(*self.ordering)
        return Table(columns_of(self, self.in_words(self.fields)), rows[: self.most], title=self.title)
