"""The log of syncs, with their times and counts."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.banking.admin.connections import OfConnectionAdmin
from apps.banking.admin.shared import SYNC_TONES, client
from apps.banking.admin.sync_words import counts_table, took, wrote
from apps.banking.models import SyncRun
from apps.clients.browse import Choices, badge, link_to, moment
from apps.clients.browse.columns import EMPTY
from lib.errors import ErrorType


def states() -> list[tuple[str, Any]]:
    return list(SyncRun.State.choices)


def error_types() -> list[tuple[str, str]]:
    return [(str(kind), str(kind)) for kind in ErrorType]


def _bank(connection: Any) -> str:
    return str(connection.connector or connection.vendor_id)


@admin.register(SyncRun)
class SyncRunAdmin(OfConnectionAdmin):
    menu, icon = "banking", "sync"
    list_display = ("id", "bank", "state_shown", "cause", "began", took, wrote, "error_code", "client_link")
    list_select_related = ("client", "connection__connector")
    list_filter = (Choices.of("state", _("result"), states), Choices.of("error_type", _("kind of error"), error_types))
    bank = staticmethod(link_to("connection", _("connection"), _bank))
    client_link = staticmethod(client)
    state_shown = staticmethod(badge("state", _("result"), SYNC_TONES))
    began = staticmethod(moment("started_at", _("began")))
    ended = staticmethod(moment("finished_at", _("ended")))
    sections = (
        (None, ("bank", "client_link", "state_shown", "cause", "event_link")),
        (_("When"), ("began", "ended", took)),
        (_("What it wrote"), ("counts_shown",)),
        (_("What went wrong"), ("error_type", "error_code")),
    )

    @admin.display(description=_("counts"))
    def counts_shown(self, run: SyncRun) -> Any:
        return counts_table(run)

    @admin.display(description=_("event"))
    def event_link(self, run: SyncRun) -> SafeString | str:
        if run.event is None:
            return EMPTY
        url = reverse("admin:events_event_change", args=[run.event])
        return format_html('<a class="ponte-link" href="{}">{}</a>', url, run.event)
