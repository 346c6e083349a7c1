"""The counts by hour, from which the dashboard is drawn."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.banking.models import ConnectionHour, SyncHour, WidgetFigure
from apps.clients.browse import BrowseAdmin, Choices, moment


@admin.register(SyncHour)
class SyncHourAdmin(BrowseAdmin):
    icon = "bar_chart"
    ordering = ("-hour", "pk")
    list_display = (moment("hour", _("hour")), "connector", "state", "error_type", "runs", "seconds")


@admin.register(ConnectionHour)
class ConnectionHourAdmin(BrowseAdmin):
    icon = "stacked_bar_chart"
    ordering = ("-hour", "pk")
    list_display = (moment("hour", _("hour")), "state", "connections")


@admin.register(WidgetFigure)
class WidgetFigureAdmin(BrowseAdmin):
    icon = "web"
    ordering = ("-hour", "pk")
    list_filter = (Choices.of("kind", _("kind"), lambda: [(kind, kind) for kind in WidgetFigure.Kind.values]),)
    list_display = (moment("hour", _("hour")), "kind", "code", "sdk_version", "count", "total_ms")
