"""The app of bank connections: their webhooks, their sync, their data."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.banking.widget.checks import check_widget
from lib.pages import navigation
from lib.pages.navigation import Entry, Section

# The folded menu of a phone has the same order.
ENTRIES = (
    Entry("overview", _("Overview"), "home", icon="home", order=10),
    Entry("accounts", _("Accounts"), "banking:accounts", icon="wallet", order=20),
    Entry("transactions", _("Transactions"), "banking:transactions", icon="list", order=30),
    Entry("investments", _("Investments"), "banking:investments", icon="growth", order=50),
    Entry("loans", _("Loans"), "banking:loans", icon="loan", order=60),
    Entry("connections", _("Connections"), "banking:connections", icon="bank", order=70),
    Entry("activity", _("Activity"), "banking:activity", icon="activity", order=80),
    Entry("identity", _("Data at the bank"), "banking:identity", icon="person", order=90),
    Entry("credentials", _("Pluggy credentials"), "banking:credentials", icon="key", section=Section.SETTINGS),
)


class BankingConfig(AppConfig):
    name = "apps.banking"
    label = "banking"
    verbose_name = _("Banks")

    def ready(self) -> None:
        for name in AGGREGATORS:
            for check in aggregator(name).checks:
                register(check)
        register(check_widget)
        for entry in ENTRIES:
            navigation.register(entry)
