"""The app of agents: their tools' contract, the applications that people connect, the log of calls."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    name = "apps.agents"
    label = "agents"
    verbose_name = _("Agents")
