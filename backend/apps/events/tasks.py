"""The tasks of the mailbox itself."""

from celery import shared_task

from apps.events import books, purge, ring, rollup
from apps.events.kinds import UNHANDLED
from apps.events.work import Batch, process


@shared_task(name="events.ring")
def ring_mailboxes() -> None:
    """Answer the bell: send the task of each mailbox with due events."""
    ring.ring()


@shared_task(name="events.sweep")
def sweep() -> None:
    """Ring for every mailbox whose bell was lost, and fold the tally."""
    books.fold()
    ring.ring()


@shared_task(name="events.purge")
def purge_finished() -> None:
    """Delete done events that are past the retention."""
    purge.purge()


@shared_task(name="events.count_hours")
def count_hours() -> None:
    """Count the events of the last hours, for the dashboard."""
    rollup.count_hours()


@shared_task(name="process_unhandled")
def process_unhandled(mailbox: str) -> None:
    """Finish events whose kind has no handler any more."""
    process(mailbox, None, _unhandled)


def _unhandled(batch: Batch) -> str:
    return UNHANDLED
