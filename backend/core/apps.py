"""The top layer as a Django app: it registers its system checks, and gives the admin its name."""

from django.apps import AppConfig
from django.contrib import admin
from django.core.checks import register

from core.checks import check_keys, check_proxies


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        register(check_keys)
        register(check_proxies, deploy=True)
        admin.site.site_header = admin.site.site_title = "Ponte"
