"""Tenants ("clients") and their members."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from apps.clients.factor_secrets import AuthenticatorSecrets
from lib import rotation
from lib.pages.navigation import Entry, Section, register


class ClientsConfig(AppConfig):
    name = "apps.clients"
    label = "clients"
    verbose_name = _("Clients")

    def ready(self) -> None:
        # Models exist only now.
        autodiscover_modules("personal_data", "own_data", "security_log")
        register(Entry("settings", _("Settings"), "clients:settings", icon="gear", order=90, section=Section.SETTINGS))
        rotation.ELSEWHERE.append(AuthenticatorSecrets())
