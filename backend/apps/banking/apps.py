"""The app of bank connections: their webhooks, their sync, their data."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.banking.widget.checks import check_widget
from lib.pages.navigation import Entry, Section
from lib.pages.navigation import register as register_entry


class BankingConfig(AppConfig):
    name = "apps.banking"
    label = "banking"

    def ready(self) -> None:
        for name in AGGREGATORS:
            for check in aggregator(name).checks:
                register(check)
        register(check_widget)
        register_entry(
            Entry("credentials", _("Pluggy credentials"), "banking:credentials", icon="key", section=Section.SETTINGS)
        )
