"""Institutions with their health, and categories."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.banking import models
from apps.banking.admin.shared import HEALTH_TONES
from apps.clients.browse import BrowseAdmin, Choices, badge
from apps.clients.browse.columns import list_of

HEALTH = [("ONLINE", _("online")), ("UNSTABLE", _("unstable")), ("OFFLINE", _("offline"))]


def health_states() -> list[tuple[str, Any]]:
    return HEALTH


@admin.register(models.Connector)
class ConnectorAdmin(BrowseAdmin):
    menu, icon = "banking", "account_balance"
    finds = _("Name, or id at the aggregator")
    list_display = (
        "name",
        "vendor_id",
        badge("health_status", _("health"), HEALTH_TONES, dict(HEALTH)),
        "type",
        "country",
        "is_open_finance",
        "is_sandbox",
        "connections_link",
    )
    list_filter = (
        Choices.of("health_status", _("health"), health_states),
        "is_open_finance",
        "is_sandbox",
    )
    # A table of some hundred rows: words may be anywhere in the name.
    search_fields = ("vendor_id__exact", "name__icontains")
    ordering = ("name", "pk")

    @admin.display(description=_("connections"))
    def connections_link(self, row: models.Connector) -> SafeString:
        url = list_of(models.Connection, connector=row.pk)
        return format_html('<a class="ponte-link" href="{}">{}</a>', url, _("connections"))


@admin.register(models.Category)
class CategoryAdmin(BrowseAdmin):
    menu, icon = "data", "category"
    finds = _("Name, or id at the aggregator")
    list_display = ("vendor_id", "description", "description_translated", "parent_id")
    list_display_links = ("vendor_id", "description")
    search_fields = ("vendor_id__exact", "description__icontains", "description_translated__icontains")
