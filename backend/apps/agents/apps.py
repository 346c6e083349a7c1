"""The app of agents: their tools' contract, the applications that people connect, the log of calls."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from lib.pages.navigation import Entry, Section, register


class AgentsConfig(AppConfig):
    name = "apps.agents"
    label = "agents"
    verbose_name = _("Agents")

    def ready(self) -> None:
        label = _("Connected applications")
        register(Entry("applications", label, "applications:list", icon="key", order=65, section=Section.SETTINGS))
