"""The app of bank connections: their webhooks, their sync, their data."""

from django.apps import AppConfig
from django.core.checks import register

from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.banking.widget.checks import check_widget


class BankingConfig(AppConfig):
    name = "apps.banking"
    label = "banking"

    def ready(self) -> None:
        for name in AGGREGATORS:
            for check in aggregator(name).checks:
                register(check)
        register(check_widget)
