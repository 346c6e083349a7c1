"""The doctor looks at what arrived: the last webhook, and events that wait too long."""

import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.banking.aggregators.registry import AGGREGATORS
from apps.events.books import read_books
from apps.events.models import Event
from apps.reliability.doctor.finding import Finding, bad, good, waiting, warning
from apps.reliability.health import BACKLOG, OVERDUE_SECONDS, PATIENCE
from apps.reliability.probe import answer_by
from lib.pages.display import length

# So many events are looked through for the last webhook: the domain events of one large sync are far fewer.
LOOKED_THROUGH = 20_000
QUIET = timedelta(days=2)


def look_at_webhooks() -> Finding:
    """When the last webhook arrived."""
    newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    recent = Event.objects.filter(pk__gt=newest - LOOKED_THROUGH)
    last = next((event for event in recent.order_by("-pk").only("source", "received_at") if _is_webhook(event)), None)
    if not settings.PUBLIC_URL:
        return good(_("No webhook is expected."))
    if last is None:
        return waiting(_("No webhook has arrived yet."), _("Connect a bank: its first webhook comes within a minute."))
    age = datetime.now(UTC) - last.received_at
    if age > QUIET:
        return warning(
            _("The last webhook arrived %(time)s ago.") % {"time": length(age)},
            _("If banks are connected, run python backend/manage.py register_webhooks; see the vendor's status page."),
        )
    return good(_("The last webhook arrived %(time)s ago.") % {"time": length(age)})


def _is_webhook(event: Event) -> bool:
    return event.source.partition("@")[0] in AGGREGATORS


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
