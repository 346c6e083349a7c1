"""Tenants and their members, and the audit of what everybody did, for staff."""

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
from apps.clients.browse import AuditedAdmin, BoundedPaginator, BrowseAdmin, Choices, copyable, moment
from apps.clients.browse.columns import EMPTY, address_of, copy_button
from apps.clients.browse.paginator import COUNT_LIMIT
from apps.clients.models import Client, Erasure, Invitation, Membership, Profile


class PeopleAdmin(AuditedAdmin):
    """Rows of people, which staff may change."""

    menu = "people"
    paginator = BoundedPaginator
    count_limit = COUNT_LIMIT
    show_full_result_count = False
    list_per_page = 50
    sortable_by = ()


@admin.register(Client)
class ClientAdmin(PeopleAdmin):
    icon = "domain"
    search_help_text = _("Name, or id")
    list_display = ("name", copyable("id", _("id")), moment("created_at", _("created")))
    search_fields = ("name__istartswith", "id__exact")
    readonly_fields = ("created_at", "erasing_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A client ends with the rows of all apps and the items at the aggregator. Its owner asks for that."""
        return False


@admin.register(Membership)
class MembershipAdmin(PeopleAdmin):
    icon = "group"
    search_help_text = _("clientUserId, client's id, or the user's name")
    list_display = ("client_user_id", "client", "user", "role", moment("created_at", _("created")))
    list_select_related = ("client", "user")
    list_filter = ("role",)
    search_fields = ("id__exact", "client__id__exact", "user__username__exact")
    raw_id_fields = ("client", "user")
    readonly_fields = ("client_user_id",)

    @admin.display(description="clientUserId")
    def client_user_id(self, row: Membership) -> SafeString | str:
        return copy_button(str(row.pk)) if row.client_id else EMPTY


@admin.register(Invitation)
class InvitationAdmin(BrowseAdmin):
    menu, icon = "people", "mail"
    finds = _("An invitation's number, or a client's id")
    list_display = ("id", "client", "role", "created_at", "expires_at", "accepted_at", "revoked_at")
    list_select_related = ("client",)
    search_fields = ("id__exact", "client__id__exact")


@admin.register(Profile)
class ProfileAdmin(BrowseAdmin):
    menu, icon = "people", "tune"
    finds = _("The user's name")
    list_display = ("user", "language", "time_zone", "theme")
    list_select_related = ("user",)
    search_fields = ("user__username__exact",)


@admin.register(Erasure)
class ErasureAdmin(BrowseAdmin):
    menu, icon = "people", "delete_forever"
    finds = _("A client's id")
    list_display = ("id", "client", "asked_by", "asked_at", "finished_at", "waits_for", "erased")
    search_fields = ("client__exact",)


def vias() -> list[tuple[str, Any]]:
    return list(Entry.Via.choices)


@admin.register(Entry)
class EntryAdmin(BrowseAdmin):
    """The audit's own app lies below this one, and knows no admin pages."""

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
