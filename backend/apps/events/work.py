"""Working on a mailbox: claim it, take what is due, call one verb, keep the outcome."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from apps.events import bell
from apps.events.books import book
from apps.events.kinds import is_handled
from apps.events.lease import Lease, LeaseLost, claim
from apps.events.models import Event
from apps.events.settle import POLICY, Park, settle
from lib.errors import ErrorType, Permanent

__all__ = ["Batch", "LeaseLost", "Park", "Verb", "process", "unpark"]

logger = logging.getLogger(__name__)

# Events of one kind that cost one run; more wait for the next run.
BATCH_LIMIT = 500
# Events that failed this often run alone, so that one that cannot work does not take others with it.
UNITED_ATTEMPTS = 3


class Batch:
    """The events of one kind that one run is for, and the right to write what comes of them."""

    def __init__(self, lease: Lease, events: list[Event]) -> None:
        self._lease = lease
        self.events = events
        self.kind = events[0].kind
        self.key = lease.key
        self.finished = False

    def renew(self) -> None:
        """Hold the mailbox a while longer. Call it before each request to a vendor. Raises LeaseLost."""
        self._lease.renew()

    @contextmanager
    def write(self) -> Iterator[None]:
        """One fenced transaction. Raises LeaseLost before anything is written."""
        with self._lease.write():
            yield

    @contextmanager
    def finish(self, outcome: str) -> Iterator[None]:
        """The last fenced transaction: what is written inside, `done` and the freed mailbox commit together."""
        with self._lease.write():
            yield
            _mark_done(self.events, outcome)
            self._lease.free()
        self.finished = True

    def fail(self, error: Exception) -> None:
        """Keep the error: the events wait for another attempt, or are dead. Raises LeaseLost."""
        with self._lease.write():
            settle(self.events, error)
            self._lease.free()
        self.finished = True


Verb = Callable[[Batch], str]


def process(mailbox: str, kind: str | None, verb: Verb) -> str | None:
    """The body of every task: one run of `verb` over what is due of `kind` in `mailbox`. Returns the outcome, if any.

    None for `kind` stands for all kinds that nothing listens to.
    """
    batch = _take(mailbox, kind)
    if batch is None:
        return None
    logger.info("[TASK] Processing %s for %s", batch.kind, mailbox, extra={"events": len(batch.events)})
    try:
        outcome = _run(batch, verb)
    except LeaseLost:
        logger.warning("[TASK] %s was taken over while %s was being processed", mailbox, batch.kind)
        return None
    # What is left in this mailbox goes to the end of the line: one that never empties must not starve the others.
    bell.ring_soon()
    return outcome


def _run(batch: Batch, verb: Verb) -> str | None:
    try:
        _refuse_killers(batch)
        outcome = verb(batch)
        if not batch.finished:
            with batch.finish(outcome):
                pass
    except LeaseLost:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a verb raises, its events must know
        batch.fail(error)
        return None
    logger.info("[TASK] Successfully processed %s for %s", batch.kind, batch.key, extra={"outcome": outcome})
    return outcome


def _refuse_killers(batch: Batch) -> None:
    # A run that ends by itself settles its events; past the policy's attempts, every run so far was killed.
    if batch.events[0].attempts > POLICY.attempts:
        raise Permanent("its worker died every time", error_type=ErrorType.INTERNAL_ERROR, code="worker_died")


def _take(mailbox: str, kind: str | None) -> Batch | None:
    """Claim the mailbox and fix, before anything else, which events this run is for; later ones stay pending."""
    with transaction.atomic():
        lease = claim(mailbox)
        if lease is None:
            return None
        events = _due(mailbox, kind)
        if not events:
            lease.free()
            transaction.on_commit(bell.ring_soon)
            return None
        _count_attempt(events)
    return Batch(lease, events)


def _due(mailbox: str, kind: str | None) -> list[Event]:
    """The oldest due event and those of its kind, if it is of `kind`: events of one mailbox run in their order."""
    # By the database's clock, as the ring: a worker whose own is behind would find nothing, and have it rung for again.
    due = Event.objects.filter(mailbox=mailbox, state=Event.State.PENDING, available_at__lte=Now())
    head = due.order_by("id").first()
    if head is None or (head.kind != kind and (kind is not None or is_handled(head.kind))):
        return []
    if head.attempts >= UNITED_ATTEMPTS:
        return [head]
    united = due.filter(kind=head.kind, attempts__lt=UNITED_ATTEMPTS).order_by("id")
    return list(united[:BATCH_LIMIT])


def _count_attempt(events: list[Event]) -> None:
    # Counted before the run, not after: an event that kills its worker must not be tried for ever.
    for event in events:
        event.attempts += 1
    Event.objects.filter(pk__in=[event.pk for event in events]).update(attempts=F("attempts") + 1)


def _mark_done(events: list[Event], outcome: str) -> None:
    done = Event.objects.filter(pk__in=[event.pk for event in events], state=Event.State.PENDING).update(
        state=Event.State.DONE,
        outcome=outcome[:40],
        finished_at=timezone.now(),
        error_type="",
        error_code="",
    )
    book(done=done)


def unpark(mailbox: str) -> None:
    """What was parked for this thing is due now. Call it in the transaction that creates the thing."""
    parked = Event.objects.filter(mailbox=mailbox, state=Event.State.PENDING, outcome="parked")
    if parked.update(available_at=Now()):
        transaction.on_commit(bell.ring_soon)
