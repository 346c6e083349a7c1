"""System checks of the mailbox's settings."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from apps.events.retention import SHORTEST_DAYS


def check_mailbox(**_: Any) -> list[CheckMessage]:
    """Warn if EVENT_RETENTION_DAYS is too short."""
    if settings.EVENT_RETENTION_DAYS < SHORTEST_DAYS:
        hint = (
            f"Set it to {SHORTEST_DAYS} or more. Ponte keeps events for {SHORTEST_DAYS} days anyway, to recognise "
            "redeliveries."
        )
        return [Warning("EVENT_RETENTION_DAYS is too short.", hint=hint, id="events.W001")]
    return []


def check_handlers(**_: Any) -> list[CheckMessage]:
    """Report each entry of EVENT_TASKS whose queue no worker reads, and rules for a kind that has no task."""
    queues = {queue.name for queue in settings.CELERY_TASK_QUEUES}
    wrong = sorted((kind, queue) for kind, (_task, queue) in settings.EVENT_TASKS.items() if queue not in queues)
    hint = f"Use one of the queues {', '.join(sorted(queues))}."
    unread = [
        Error(f"EVENT_TASKS sends {kind} to the queue {queue}, which no worker reads.", hint=hint, id="events.E001")
        for kind, queue in wrong
    ]
    return [*unread, *_rules_without_task()]


def _rules_without_task() -> list[CheckMessage]:
    return [
        Error(
            f"EVENT_RULES has rules for {kind}, which EVENT_TASKS does not name.",
            hint="Correct the kind, or add its task to EVENT_TASKS.",
            id="events.E002",
        )
        for kind in sorted(set(settings.EVENT_RULES) - set(settings.EVENT_TASKS))
    ]
