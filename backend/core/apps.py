"""The top layer as a Django app: it registers its system checks."""

from django.apps import AppConfig
from django.core.checks import register

from core.checks import check_keys, check_proxies, check_role


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        register(check_keys)
        register(check_proxies, deploy=True)
        register(check_role, deploy=True)
