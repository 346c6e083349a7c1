"""The mailbox's own doorbells."""

from celery import shared_task

from apps.events import books, purge, ring
from apps.events.work import Batch, process


@shared_task(name="events.ring")
def ring_mailboxes() -> None:
    """Somebody rang: send each mailbox in which something is due to its task."""
    ring.ring()


@shared_task(name="events.sweep")
def sweep() -> None:
    """Ring for every mailbox whose bell was lost, and fold the books."""
    books.fold()
    ring.ring()


@shared_task(name="events.purge")
def purge_finished() -> None:
    """Delete finished events that are past their retention."""
    purge.purge()


@shared_task(name="process_unhandled")
def process_unhandled(mailbox: str) -> None:
    """Finish events whose kind nothing listens to any more."""
    process(mailbox, None, _unhandled)


def _unhandled(batch: Batch) -> str:
    return "unhandled"
