"""Which task and queue listen to which kind of event: settings.EVENT_TASKS, read in one place."""

from django.conf import settings

# Who finishes events whose kind lost its listener between two releases.
UNHANDLED_TASK = ("process_unhandled", "quick")


def is_handled(kind: str) -> bool:
    """Whether anything listens to `kind`."""
    return kind in settings.EVENT_TASKS


def listener(kind: str) -> tuple[str, str]:
    """The task's name and its queue."""
    task: tuple[str, str] = settings.EVENT_TASKS.get(kind, UNHANDLED_TASK)
    return task
