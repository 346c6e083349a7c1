"""The app of integrations: accounts of clients at other services."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from lib.pages.navigation import Entry, register


class IntegrationsConfig(AppConfig):
    name = "apps.integrations"
    label = "integrations"
    verbose_name = _("Integrations")

    def ready(self) -> None:
        # Models exist only now.
        autodiscover_modules("key_rotation")
        register(Entry("conversations", _("Conversations"), "conversations:list", icon="chat", order=65))
        register(Entry("integrations", _("Integrations"), "integrations:gallery", icon="plug", order=75))
