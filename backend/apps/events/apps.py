"""The durable mailbox: one row for each event, from a vendor or from Ponte itself."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from apps.events.checks import check_handlers, check_mailbox


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"
    verbose_name = _("Events")

    def ready(self) -> None:
        register(check_mailbox)
        register(check_handlers)
