"""The health of the whole installation, known within two seconds, even if a server hangs.

unhealthy   the database is down: Ponte cannot store webhooks and should get no requests (503)
degraded    Ponte accepts webhooks and loses nothing, but processes them late (200): the broker is down, no worker runs,
            or an event has been due for longer than a run may take
healthy     everything works (200)
"""

import time
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.integrations import figures
from apps.reliability.backlog import Backlog, read_backlog
from apps.reliability.broker import Broker, read_broker
from apps.reliability.connections import database, reach_database
from apps.reliability.probe import Probe, answer_by

# Seconds for all probes together. The rest of the two seconds is for the network.
PATIENCE = 1.5
# A run may take this long (CELERY_TASK_TIME_LIMIT), and events that arrive meanwhile wait for its end.
OVERDUE_SECONDS = 16 * 60

DATABASE: Probe[bool] = Probe(reach_database)
# A probe of its own: a count that takes too long does not mean that the database is down.
BACKLOG: Probe[Backlog] = Probe(read_backlog, fresh=2)
BROKER: Probe[Broker] = Probe(read_broker)


def _count_integrations() -> dict[str, dict[str, int]]:
    with database():
        return figures.read_health()


# One query, which reads all integrations, so many callers share an answer.
INTEGRATIONS: Probe[dict[str, dict[str, int]]] = Probe(_count_integrations, fresh=15)


@dataclass(frozen=True)
class Health:
    """The answers of the probes; None for a probe that did not answer in time."""

    database: bool | None
    backlog: Backlog | None
    broker: Broker | None

    @property
    def services(self) -> dict[str, bool]:
        """Which services are up. Without Redis, celery counts as down, because workers can get no messages."""
        return {
            "database": bool(self.database),
            "redis": self.broker is not None,
            "celery": self.broker is not None and self.broker.workers > 0,
        }

    @property
    def status(self) -> str:
        """healthy, degraded or unhealthy."""
        if not self.database:
            return "unhealthy"
        late = self.backlog is None or self.backlog.overdue_seconds > OVERDUE_SECONDS
        return "degraded" if late or not all(self.services.values()) else "healthy"

    def report(self) -> dict[str, Any]:
        """The body of GET /health: figures only, null if a probe did not answer."""
        return {
            "status": self.status,
            "services": {name: "up" if up else "down" for name, up in self.services.items()},
            "mailbox": self._mailbox_report(),
            "timestamp": timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _mailbox_report(self) -> dict[str, Any]:
        backlog = self.backlog
        return {
            "pending": backlog and backlog.books.pending,
            "dead": backlog and backlog.books.dead,
            "oldest_pending_seconds": backlog and backlog.oldest_pending_seconds,
            "overdue_seconds": backlog and backlog.overdue_seconds,
            "queues": self.broker and self.broker.queues,
        }


def read_integrations() -> dict[str, dict[str, int]] | None:
    """By kind of integration, what apps.integrations.figures counts, up to 15 seconds old; None without an answer."""
    return answer_by(INTEGRATIONS.begin(), time.monotonic() + PATIENCE)


def read_health() -> Health:
    """The health now, or a second ago. Takes at most PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    database, backlog, broker = DATABASE.begin(), BACKLOG.begin(), BROKER.begin()
    return Health(answer_by(database, deadline), answer_by(backlog, deadline), answer_by(broker, deadline))
