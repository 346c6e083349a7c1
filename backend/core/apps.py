"""The roof as a Django app: it has nothing but its checks."""

from django.apps import AppConfig
from django.core.checks import register

from core.checks import check_keys


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        register(check_keys)
