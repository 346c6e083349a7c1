"""Mailboxes, replays, the tally and the counts by hour."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.clients.browse import BrowseAdmin, link_to, moment
from apps.clients.browse.columns import list_of
from apps.events.models import Event, Hour, Mailbox, Replay, Tally


@admin.register(Replay)
class ReplayAdmin(BrowseAdmin):
    menu, icon = "events", "replay"
    finds = _("Who replayed")
    list_display = ("id", "kind", link_to("event", _("event")), "actor", "reason", "was_state", "was_error_code", "at")
    list_select_related = ("event",)
    search_fields = ("actor__exact",)
    at = staticmethod(moment("replayed_at", _("replayed")))


@admin.register(Mailbox)
class MailboxAdmin(BrowseAdmin):
    menu, icon = "events", "inbox"
    finds = _("The mailbox's whole name")
    list_display = (
        "key",
        "events_link",
        "token",
        moment("lease_until", _("leased until")),
        moment("rung_at", _("rung")),
    )
    sections = (("", list_display),)
    search_fields = ("key__exact",)

    @admin.display(description=_("events"))
    def events_link(self, mailbox: Mailbox) -> SafeString:
        return format_html('<a class="ponte-link" href="{}">{}</a>', list_of(Event, mailbox=mailbox.key), _("events"))


@admin.register(Tally)
class TallyAdmin(BrowseAdmin):
    icon = "calculate"
    list_display = ("slot", "accepted", "done", "purged")


@admin.register(Hour)
class HourAdmin(BrowseAdmin):
    icon = "bar_chart"
    ordering = ("-hour", "kind")
    list_display = (moment("hour", _("hour")), "source", "kind", "accepted", "dead")
