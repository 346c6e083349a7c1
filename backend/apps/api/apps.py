"""The app of what all REST APIs share, and of the personal access tokens."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from lib.pages.navigation import Entry, Section, register


class ApiConfig(AppConfig):
    name = "apps.api"
    label = "api"
    verbose_name = _("REST API")

    def ready(self) -> None:
        register(Entry("tokens", _("Access tokens"), "tokens:list", icon="key", order=60, section=Section.SETTINGS))
