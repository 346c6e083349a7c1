"""Look at everything, in the order in which a first sync needs it."""

import logging
from collections.abc import Iterator

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.reliability.doctor import arrivals, integrations, machine, vendor, widget
from apps.reliability.doctor.finding import Check, Finding, Level, Line
from lib.row_security import for_system

logger = logging.getLogger(__name__)

CHECKS = (
    Check("database", _("Database"), machine.look_at_database),
    Check("broker", _("Broker"), machine.look_at_broker),
    Check("worker", _("Worker"), machine.look_at_workers, needs=("broker",)),
    Check("beat", _("Beat"), machine.look_at_beat, needs=("database",)),
    Check("clock", _("Clock"), machine.look_at_clock, needs=("database",)),
    Check("credentials", _("Credentials"), vendor.look_at_credentials, needs=("broker",)),
    Check("plan", _("Plan"), vendor.look_at_plan, needs=("database",)),
    Check("widget", _("Connect widget"), widget.look_at_widget),
    Check("subscription", _("Webhooks or polling"), vendor.look_at_subscription, needs=("credentials",)),
    Check("round_trip", _("Reachable"), vendor.look_at_round_trip, needs=("database",)),
    Check("redirect", _("Way back from the bank"), vendor.look_at_redirect),
    Check("webhook", _("Last webhook"), arrivals.look_at_webhooks, needs=("database",)),
    Check("backlog", _("Waiting events"), arrivals.look_at_backlog, needs=("database",)),
    Check("connection", _("Connected banks"), vendor.look_at_connections, needs=("database",)),
    Check("integrations", _("Integrations"), integrations.look_at_integrations, needs=("database",)),
)


def examine() -> Iterator[Line]:
    """Each check with its finding, one after the other. It raises nothing."""
    bad: set[str] = set()
    for check in CHECKS:
        finding = _skip() if bad.intersection(check.needs) else _look(check)
        if finding.level in (Level.BAD, Level.SKIPPED):
            bad.add(check.name)
        yield Line(check, finding)


def _skip() -> Finding:
    return Finding(Level.SKIPPED, gettext("Not looked at, because something above fails."))


@for_system("doctor")
def _look(check: Check) -> Finding:
    try:
        return check.look()
    except Exception as error:  # a doctor who falls ill still reports the rest
        logger.exception("The doctor failed at %s", check.name)
        name = type(error).__name__
        return Finding(
            Level.BAD, gettext("This check failed itself (%(error)s).") % {"error": name}, gettext("See the log.")
        )
