"""Connections to banks: their webhooks, their sync, their data."""

from django.apps import AppConfig
from django.core.checks import register

from apps.banking.aggregators.pluggy.configuration import check_configuration
from apps.banking.aggregators.pluggy.webhooks.checks import check_signature, check_webhook_secret


class BankingConfig(AppConfig):
    name = "apps.banking"
    label = "banking"

    def ready(self) -> None:
        register(check_configuration)
        register(check_webhook_secret)
        register(check_signature)
