"""Connections, what staff do with them, and the rows that belong to one."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.banking import models
from apps.banking.admin.shared import CONNECTION_TONES, as_number, as_uuid, client, connection, deleted, of_connection
from apps.banking.admin.tables import Accounts, LastSyncs
from apps.banking.models import Connection, Connector
from apps.banking.sync import pause
from apps.clients.browse import BrowseAdmin, Choices, Tombstones, Verb, copyable, link_to, moment, verb
from apps.clients.browse.columns import badge_of, list_of
from apps.clients.browse.filters import distinct
from apps.events.models import Event


def states() -> list[tuple[str, Any]]:
    return list(Connection.State.choices)


class Institution(admin.SimpleListFilter):
    """The bank. Offers only institutions that have a connection: the index of the key is walked, not the table."""

    title, parameter_name = _("bank"), "connector"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        used = distinct(Connection, "connector_id")
        return [(str(pk), name) for pk, name in Connector.objects.filter(pk__in=used).values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Connection]) -> QuerySet[Connection]:
        number = as_number(self.value() or "")
        return queryset if number is None else queryset.filter(connector=number)


class Paused(admin.SimpleListFilter):
    """Connections that staff paused."""

    title, parameter_name = _("paused"), "paused"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Paused"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Connection]) -> QuerySet[Connection]:
        return queryset.filter(paused_at__isnull=False) if self.value() else queryset


@admin.register(Connection)
class ConnectionAdmin(BrowseAdmin):
    menu, icon = "banking", "link"
    finds = _("Item's id, client's or membership's id, or bank")
    list_display = ("vendor_id", "bank", "state_shown", "client_link", "as_of", "error_code", "synced")
    list_select_related = ("client", "connector")
    list_filter = (
        Choices.of("state", _("state"), states),
        Paused,
        Institution,
    )
    search_fields = ("vendor_id__exact",)
    actions = ("sync_now", "reconcile", "pause", "resume", "mark_for_reconnect")
    tables = (Accounts, LastSyncs)

    client_link = staticmethod(client)
    bank = staticmethod(link_to("connector", _("bank")))
    member_link = staticmethod(link_to("member", _("membership"), lambda row: str(row.pk)))
    item = staticmethod(copyable("vendor_id", _("item")))
    as_of = staticmethod(moment("last_updated_at", _("data of the bank")))
    synced = staticmethod(moment("last_synced_at", _("last sync")))
    reconciled = staticmethod(moment("last_reconciled_at", _("last comparison")))
    next_sync = staticmethod(moment("next_auto_sync_at", _("next at the aggregator")))
    consent_end = staticmethod(moment("consent_expires_at", _("consent ends")))
    paused = staticmethod(moment("paused_at", _("paused since")))
    created = staticmethod(moment("created_at", _("created")))
    gone = staticmethod(deleted)
    sections = (
        (
            _("Whose and where"),
            ("item", "bank", "client_link", "member_link", "aggregator", "application", "events_link"),
        ),
        (
            _("How it is"),
            ("state_shown", "action", "status", "execution_status", "error_type", "error_code", "paused"),
        ),
        (_("When"), ("as_of", "synced", "reconciled", "next_sync", "consent_end", "created", "gone")),
    )

    @admin.display(description=_("state"))
    def state_shown(self, row: Connection) -> SafeString:
        shown = badge_of(row.get_state_display(), CONNECTION_TONES[row.state])
        return format_html("{} {}", shown, badge_of(str(_("paused")), "warning")) if row.paused_at else shown

    @admin.display(description=_("events"))
    def events_link(self, row: Connection) -> SafeString:
        from_events = list_of(Event, mailbox=row.mailbox)
        return format_html('<a class="ponte-link" href="{}">{}</a>', from_events, _("events of this item"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Connection], search_term: str
    ) -> tuple[QuerySet[Connection], bool]:
        """By number, by item, by client or membership, or by a part of the bank's name."""
        word = search_term.strip()
        if not word:
            return queryset, False
        if (number := as_number(word)) is not None:
            return queryset.filter(pk=number), False
        if owner := as_uuid(word):
            # An item's id is a UUID as well. Each of these has an index.
            return queryset.filter(Q(vendor_id=word) | Q(client=owner) | Q(member=owner)), False
        banks = list(Connector.objects.filter(name__icontains=word).values_list("pk", flat=True)[:100])
        return queryset.filter(Q(vendor_id=word) | Q(connector__in=banks)), False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the person may operate connections; permission to view them is not enough."""
        return request.user.has_perm("banking.operate_connection")

    @verb(Verb(_("Sync now"), "operate", "sync"))
    def sync_now(self, request: HttpRequest, rows: Sequence[Connection], reason: str) -> str:
        """Let workers read what is new."""
        return _asked(_each(pause.sync_now, rows))

    @verb(Verb(_("Compare everything"), "operate", "compare_arrows"))
    def reconcile(self, request: HttpRequest, rows: Sequence[Connection], reason: str) -> str:
        """Let workers list everything and compare."""
        return _asked(_each(pause.compare, rows))

    @verb(
        Verb(
            _("Pause"),
            "operate",
            "pause",
            asks_reason=True,
            explain=_("Ponte reads nothing of a paused connection. Its webhooks are stored, and finish as paused."),
        )
    )
    def pause(self, request: HttpRequest, rows: Sequence[Connection], reason: str) -> str:
        """Stop reading."""
        number = _each(pause.pause, rows)
        return ngettext("%(n)s connection is paused.", "%(n)s connections are paused.", number) % {"n": number}

    @verb(Verb(_("Resume"), "operate", "play_arrow"))
    def resume(self, request: HttpRequest, rows: Sequence[Connection], reason: str) -> str:
        """Read again, from where it stopped."""
        number = _each(pause.resume, rows)
        return ngettext("%(n)s connection runs again.", "%(n)s connections run again.", number) % {"n": number}

    @verb(
        Verb(
            _("Mark for reconnect"),
            "operate",
            "link_off",
            asks_reason=True,
            explain=_("The user is asked to connect the bank again. A good run of the item takes the mark away."),
        )
    )
    def mark_for_reconnect(self, request: HttpRequest, rows: Sequence[Connection], reason: str) -> str:
        """Ask the users to connect again."""
        number = _each(pause.mark_for_reconnect, rows)
        return ngettext("%(n)s user is asked.", "%(n)s users are asked.", number) % {"n": number}


def _each(act: Callable[[Connection], bool], rows: Sequence[Connection]) -> int:
    return sum(act(row) for row in rows)


def _asked(number: int) -> str:
    return ngettext(
        "A worker will read %(n)s connection. Paused and deleted ones are left alone.",
        "Workers will read %(n)s connections. Paused and deleted ones are left alone.",
        number,
    ) % {"n": number}


class OfConnectionAdmin(BrowseAdmin):
    """Rows of one connection, found by its item."""

    menu = "data"
    finds = _("Item's id, or the row's number")
    search_fields = ("connection__vendor_id__exact",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the item, or by number."""
        word = search_term.strip()
        return (of_connection(queryset, word) if word else queryset), False


@admin.register(models.Consent)
class ConsentAdmin(OfConnectionAdmin):
    icon = "approval"
    list_display = (
        "vendor_id",
        client,
        connection,
        moment("expires_at", _("ends")),
        moment("revoked_at", _("revoked")),
        deleted,
    )
    list_select_related = ("client", "connection")
    list_filter = (Tombstones,)


@admin.register(models.Identity)
class IdentityAdmin(OfConnectionAdmin):
    icon = "badge"
    list_display = ("vendor_id", client, connection, "document_type", deleted)
    list_select_related = ("client", "connection")
    list_filter = (Tombstones,)


@admin.register(models.Mark)
class MarkAdmin(OfConnectionAdmin):
    menu, icon = "more", "bookmark"
    list_display = ("id", client, connection, "scope", "text")
    list_select_related = ("client", "connection")


@admin.register(models.ClientApplication)
class ClientApplicationAdmin(BrowseAdmin):
    """A client's own credentials. No page of the admin shows them."""

    menu, icon = "banking", "key"
    finds = _("The row's number")
    list_display = (
        "label",
        "aggregator",
        "name",
        client,
        moment("tested_at", _("tested")),
        "error_code",
        moment("created_at", _("created")),
    )
    list_select_related = ("client",)


@admin.register(models.TransferPair)
class TransferPairAdmin(BrowseAdmin):
    menu, icon = "data", "sync_alt"
    finds = _("The row's number")
    list_display = ("id", client, "outgoing_id", "incoming_id", "kind", "by_person", moment("created_at", _("created")))
    list_select_related = ("client",)
