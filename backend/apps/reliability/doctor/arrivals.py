"""The doctor looks at what arrived: the last webhook, and events that wait too long."""

import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.banking.aggregators.registry import AGGREGATORS
from apps.events.books import read_books
from apps.events.models import Event
from apps.reliability.doctor.finding import Finding, bad, good, waiting, warning
from apps.reliability.doctor.vendor import HARMLESS
from apps.reliability.health import BACKLOG, OVERDUE_SECONDS, PATIENCE
from apps.reliability.probe import answer_by
from lib.pages.display import length

# So many events are looked through for the last webhook: the domain events of one large sync are far fewer.
LOOKED_THROUGH = 20_000
QUIET = timedelta(days=2)


def look_at_webhooks() -> Finding:
    """When the last webhook arrived."""
    if not settings.PUBLIC_URL:
        return good(_("No webhook is expected."))
    last = _last_webhook()
    if last is None:
        return waiting(_("No webhook has arrived yet."), _("Connect a bank: its first webhook comes within a minute."))
    age = datetime.now(UTC) - last
    if age > QUIET:
        return warning(
            _("The last webhook arrived %(time)s ago.") % {"time": length(age)},
            _("If banks are connected, run python backend/manage.py register_webhooks; see the vendor's status page."),
        )
    return good(_("The last webhook arrived %(time)s ago.") % {"time": length(age)})


def _last_webhook() -> datetime | None:
    """When the last event came from an aggregator, but for those that the doctor posts itself."""
    newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    sent = Q(source__in=AGGREGATORS)
    for name in AGGREGATORS:
        sent |= Q(source__startswith=f"{name}@")
    recent = Event.objects.filter(sent, pk__gt=newest - LOOKED_THROUGH).exclude(kind=HARMLESS)
    return recent.order_by("-pk").values_list("received_at", flat=True).first()


def look_at_backlog() -> Finding:
    """Whether events wait too long, or were given up."""
    backlog = answer_by(BACKLOG.begin(), time.monotonic() + PATIENCE)
    if backlog is None:
        return warning(
            _("Counting the events takes longer than a second."),
            _("Look at the load of PostgreSQL; see docs/scaling.md."),
        )
    if backlog.overdue_seconds > OVERDUE_SECONDS:
        return bad(
            _("An event has been due for %(time)s.") % {"time": length(timedelta(seconds=backlog.overdue_seconds))},
            _("See docs/operations.md: pending events."),
        )
    dead = read_books().dead
    if dead:
        return warning(
            ngettext("%(n)d event was given up.", "%(n)d events were given up.", dead) % {"n": dead},
            _("Look at them in the admin: Events, state dead. Replay them once their cause is gone."),
        )
    return good(_("No event waits too long, and none was given up."))
