"""Connections to banks: their webhooks, their sync, their data."""

from django.apps import AppConfig


class BankingConfig(AppConfig):
    name = "apps.banking"
    label = "banking"
