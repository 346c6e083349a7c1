"""The audit, read-only. Its own app lies below this one, and knows no admin pages."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.audit.models import Entry
from apps.clients.browse import BrowseAdmin, Choices, moment
from apps.clients.browse.columns import EMPTY, address_of


def vias() -> list[tuple[str, Any]]:
    return list(Entry.Via.choices)


@admin.register(Entry)
class EntryAdmin(BrowseAdmin):
    """What people and programs did."""

    menu, icon = "people", "policy"
    finds = _("A row such as events.event:7, a client's id, or a person's number")
    list_display = ("when", "action", "who", "subject_link", "via", "reason", "details")
    list_filter = (Choices.of("via", _("way"), vias),)
    search_fields = ("subject__exact",)
    when = staticmethod(moment("at", _("when")))

    @admin.display(description=_("who"))
    def who(self, entry: Entry) -> SafeString | str:
        if entry.actor is None:
            return EMPTY
        people = get_user_model()
        url = address_of(people._meta.app_label, str(people._meta.model_name), entry.actor)
        return format_html('<a class="ponte-link" href="{}">{}</a>', url, entry.actor)

    @admin.display(description=_("row"))
    def subject_link(self, entry: Entry) -> SafeString | str:
        label, _colon, pk = entry.subject.partition(":")
        app, _dot, model = label.partition(".")
        url = address_of(app, model, pk) if app and model and pk else ""
        return format_html('<a class="ponte-link" href="{}">{}</a>', url, entry.subject) if url else entry.subject

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        """By the row, the client or the person; each has an index."""
        word = search_term.strip()
        if not word:
            return queryset, False
        return queryset.filter(Q(subject=word) | _client(word) | _actor(word)), False


def _client(word: str) -> Q:
    try:
        return Q(client=UUID(word))
    except ValueError:
        return Q(pk__in=[])


def _actor(word: str) -> Q:
    return Q(actor=int(word)) if word.isdecimal() and len(word) < 19 else Q(pk__in=[])
