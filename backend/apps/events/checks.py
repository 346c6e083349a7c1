"""What must be right about the mailbox's settings before it runs."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from apps.events.retention import SHORTEST_DAYS


def check_mailbox(**_: Any) -> list[CheckMessage]:
    """EVENT_RETENTION_DAYS is long enough."""
    if settings.EVENT_RETENTION_DAYS < SHORTEST_DAYS:
        hint = f"Deduplication must outlive every redelivery: {SHORTEST_DAYS} days are kept all the same."
        return [Warning("EVENT_RETENTION_DAYS is too short.", hint=hint, id="events.W001")]
    return []


def check_listeners(**_: Any) -> list[CheckMessage]:
    """Each entry of EVENT_TASKS names a task and one of the queues that workers read."""
    queues = {queue.name for queue in settings.CELERY_TASK_QUEUES}
    wrong = sorted(kind for kind, (_task, queue) in settings.EVENT_TASKS.items() if queue not in queues)
    return [Error(f"EVENT_TASKS sends {kind} to a queue that nobody reads.", id="events.E001") for kind in wrong]
