"""Which task handles which kind of event, and in which queue: settings.EVENT_TASKS, read in one place."""

from django.conf import settings

# The outcome of an event whose kind has no handler.
UNHANDLED = "unhandled"
# This task finishes events whose kind has lost its handler between two releases.
UNHANDLED_TASK = ("process_unhandled", "quick")


def is_handled(kind: str) -> bool:
    """Whether EVENT_TASKS names a task for `kind`."""
    return kind in settings.EVENT_TASKS


def task_of(kind: str) -> tuple[str, str]:
    """The name of the task that handles `kind`, and the name of its queue."""
    task: tuple[str, str] = settings.EVENT_TASKS.get(kind, UNHANDLED_TASK)
    return task
