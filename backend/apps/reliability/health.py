"""Whether the whole thing is well, said within two seconds, whatever hangs.

unhealthy   the database is down: no webhook can be made durable, so no request should come here (503)
degraded    webhooks are accepted and nothing is lost, but what they tell of comes late (200): the broker is down, no
            worker lives, or events have been due for longer than any run takes
healthy     none of these (200)
"""

import time
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.reliability.broker import Broker, read_broker
from apps.reliability.connections import reach_database
from apps.reliability.mailbox import Mailbox, read_mailbox
from apps.reliability.probe import Probe, answer_by

# Seconds for all probes together; the rest of the two is for the way there and back.
PATIENCE = 1.5
# A run may take so long (CELERY_TASK_TIME_LIMIT), and what arrives meanwhile waits for its end.
OVERDUE_SECONDS = 16 * 60

DATABASE: Probe[bool] = Probe(reach_database)
# Apart from the database's: that counting takes too long does not make the database unreachable.
MAILBOX: Probe[Mailbox] = Probe(read_mailbox, fresh=2)
BROKER: Probe[Broker] = Probe(read_broker)


@dataclass(frozen=True)
class Health:
    """What was heard in time, None for what was not."""

    database: bool | None
    mailbox: Mailbox | None
    broker: Broker | None

    @property
    def services(self) -> dict[str, bool]:
        """Which are up. Without Redis there is no telling whether workers live: they have nothing to do either."""
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
        late = self.mailbox is None or self.mailbox.overdue_seconds > OVERDUE_SECONDS
        return "degraded" if late or not all(self.services.values()) else "healthy"

    def report(self) -> dict[str, Any]:
        """For GET /health: figures only, null where they could not be had."""
        return {
            "status": self.status,
            "services": {name: "up" if up else "down" for name, up in self.services.items()},
            "mailbox": self._standing(),
            "timestamp": timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _standing(self) -> dict[str, Any]:
        mailbox = self.mailbox
        return {
            "pending": mailbox and mailbox.books.pending,
            "dead": mailbox and mailbox.books.dead,
            "oldest_pending_seconds": mailbox and mailbox.oldest_pending_seconds,
            "overdue_seconds": mailbox and mailbox.overdue_seconds,
            "queues": self.broker and self.broker.queues,
        }


def look() -> Health:
    """How things stand now, or stood a second ago. Takes at most PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    database, mailbox, broker = DATABASE.begin(), MAILBOX.begin(), BROKER.begin()
    return Health(answer_by(database, deadline), answer_by(mailbox, deadline), answer_by(broker, deadline))
