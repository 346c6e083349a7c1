"""How the events of each kind run: settings.EVENT_TASKS and settings.EVENT_RULES, read in one place.

The settings import this module, so it imports no model.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from plugfn.resilience.retry import RetryPolicy

# The outcome of an event whose kind has no handler.
UNHANDLED = "unhandled"
# This task finishes events whose kind has lost its handler between two releases.
UNHANDLED_TASK = ("process_unhandled", "quick")

# About 32 hours in all: longer than a bank's maintenance, shorter than a weekend.
POLICY = RetryPolicy(attempts=12, base=5, cap=6 * 3600, multiplier=4, jitter=0.2)
# At most this many events are processed in one run; the others wait for the next run.
BATCH_LIMIT = 500
# After this many attempts an event runs alone, so that a bad event does not fail others with it.
ALONE_AFTER_ATTEMPTS = 3


@dataclass(frozen=True)
class Rules:
    """How the events of a kind run. Raises ImproperlyConfigured if that makes no sense.

    One run takes at most `batch` of them. `retry` says how often, and when, a failed one is tried again. With `strict`,
    an event never runs before the earlier ones of its mailbox and kind are done or dead. One task works on up to
    `together` mailboxes at once, whose keys differ only after the last colon.
    """

    batch: int = BATCH_LIMIT
    retry: RetryPolicy = POLICY
    strict: bool = False
    together: int = 1

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise ImproperlyConfigured("A rule of EVENT_RULES lets a run take no event: set batch to 1 or more.")
        if self.strict and self.batch > 1:
            raise ImproperlyConfigured("A rule of EVENT_RULES is strict, so its events run one by one: set batch to 1.")
        if self.together > 1 and self.batch > 1:
            raise ImproperlyConfigured("A rule of EVENT_RULES works on mailboxes together, so set its batch to 1.")

    @property
    def alone_after(self) -> int:
        """After this many attempts an event runs alone; its last attempt always does."""
        return min(ALONE_AFTER_ATTEMPTS, self.retry.attempts - 1)


_ORDINARY = Rules()


def is_handled(kind: str) -> bool:
    """Whether EVENT_TASKS names a task for `kind`."""
    return kind in settings.EVENT_TASKS


def task_of(kind: str) -> tuple[str, str]:
    """The name of the task that handles `kind`, and the name of its queue."""
    task: tuple[str, str] = settings.EVENT_TASKS.get(kind, UNHANDLED_TASK)
    return task


def rules_of(kind: str) -> Rules:
    """The rules of `kind`: its own, or those of most kinds."""
    rules: Rules = settings.EVENT_RULES.get(kind, _ORDINARY)
    return rules


def together_of(kind: str) -> int:
    """On how many mailboxes a task of this kind works at once."""
    return rules_of(kind).together if is_handled(kind) else 1
