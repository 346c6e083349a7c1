"""Working on a mailbox: take its lease, choose the due events, call one handler, store the outcome."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from apps.events import bell
from apps.events.finish import finish
from apps.events.kinds import POLICY, is_handled, rules_of
from apps.events.lease import Lease, LeaseLost, Locked, claim
from apps.events.models import Event
from apps.events.order import arrange_followers, is_blocked, with_first
from apps.events.settle import PARKED, Park, settle
from lib.errors import ErrorType, Permanent
from lib.row_security import for_client, for_nobody

__all__ = ["Batch", "Handler", "LeaseLost", "Park", "process", "unpark"]

logger = logging.getLogger(__name__)


class Batch:
    """The events of one run, all of one kind, and the right to write their results.

    `token_member` is the membership to whose things the proof of all their senders was limited, if it was.
    """

    def __init__(self, lease: Lease, events: list[Event]) -> None:
        self.lease = lease
        self.events = events
        self.kind = events[0].kind
        self.token_member = events[0].token_member
        self.key = lease.key
        self.finished = False
        self._for_whom = ExitStack()

    def serve(self, client: UUID) -> None:
        """See the rows of this client, and of no other, until the run ends. Call it outside of a transaction."""
        self._for_whom.enter_context(for_client(client))

    def leave(self) -> None:
        """The run has ended: forget for whom it was."""
        self._for_whom.close()

    def renew(self) -> None:
        """Extend the lease. Call this before each request to a vendor. Raises LeaseLost."""
        self.lease.renew()

    @contextmanager
    def write(self) -> Iterator[None]:
        """One fenced transaction. Raises LeaseLost before it writes anything."""
        with self.lease.write():
            yield

    @contextmanager
    def finish(self, outcome: str) -> Iterator[None]:
        """The last fenced transaction: it commits the rows written inside, `done`, and the release of the mailbox."""
        with self.lease.write():
            yield
            finish([self.lease], self.events, outcome)
        self.finished = True

    def fail(self, error: Exception) -> None:
        """Store the error: the events wait for a retry, or are dead. Releases the mailbox. Raises LeaseLost."""
        with self.lease.write():
            settle(self.events, error)
            arrange_followers(self.events[0])
            self.lease.free()
            _ring_on_time(self.events)
        self.finished = True


# Processes a batch and returns its outcome, at most 40 characters.
Handler = Callable[[Batch], str]


@for_nobody()
def process(mailbox: str, kind: str | None, handler: Handler) -> str | None:
    """The body of every task: one run of `handler` over the due events of `kind` in `mailbox`. Returns the outcome.

    `kind` None means every kind without a handler. Returns None if nothing was due, another worker holds the mailbox,
    or the run failed. The handler must say for which client it works (`Batch.serve`), or that it is the system's work.
    """
    batch = _take(mailbox, kind)
    if batch is None:
        return None
    logger.info("[TASK] Processing %s for %s", batch.kind, mailbox, extra={"events": len(batch.events)})
    outcome = run(batch, handler)
    # More events of this mailbox wait their turn, so that a mailbox that never empties does not starve the others.
    bell.ring_soon()
    return outcome


def run(batch: Batch, handler: Handler) -> str | None:
    """Call the handler and store the outcome, or its error. Returns None if the run failed."""
    try:
        return _run(batch, handler)
    except LeaseLost:
        logger.warning(
            "[TASK] %s was taken over while %s was being processed. This worker was too slow and wrote nothing more.",
            batch.key,
            batch.kind,
        )
        return None


def _run(batch: Batch, handler: Handler) -> str | None:
    try:
        _check_attempts(batch)
        outcome = handler(batch)
        if not batch.finished:
            with batch.finish(outcome):
                pass
    except LeaseLost:
        raise
    except Exception as error:  # noqa: BLE001 - the events store every error that a handler raises
        batch.fail(error)
        return None
    finally:
        batch.leave()
    logger.info("[TASK] Successfully processed %s for %s", batch.kind, batch.key, extra={"outcome": outcome})
    return outcome


def _check_attempts(batch: Batch) -> None:
    # A run that ends by itself settles its events. With more attempts than the policy allows, every worker was killed.
    if batch.events[0].attempts > rules_of(batch.kind).retry.attempts:
        raise Permanent("every worker that processed it died", error_type=ErrorType.INTERNAL_ERROR, code="worker_died")


def _take(mailbox: str, kind: str | None) -> Batch | None:
    """Take the lease and choose the events of this run; events that arrive later stay pending."""
    with suppress(Locked), transaction.atomic():
        lease = claim(mailbox)
        if lease is None:
            return None
        events = _due(mailbox, kind)
        if events:
            count_attempt(events)
            return Batch(lease, events)
        lease.free()
        transaction.on_commit(bell.ring_soon)
    return None


def _due(mailbox: str, kind: str | None) -> list[Event]:
    """The oldest due event and others like it: of its kind, with the same `token_member`.

    Empty if its kind is not `kind`, because events run in order. An event that strict order holds back is not due.
    """
    # The database's clock decides, as in the ring. A worker whose clock is slow would see no due event.
    due = Event.objects.filter(mailbox=mailbox, state=Event.State.PENDING, available_at__lte=Now())
    head = with_first(due).order_by("id").first()
    while head is not None and is_blocked(head):
        # They are no longer due. One that arrives just now is for the next run, or this might never end.
        due = due.exclude(kind=head.kind)
        head = with_first(due).order_by("id").first()
    if head is None or (head.kind != kind and (kind is not None or is_handled(head.kind))):
        return []
    rules = rules_of(head.kind)
    if rules.batch == 1 or head.attempts >= rules.alone_after:
        return [head]
    alike = due.filter(kind=head.kind, token_member=head.token_member, attempts__lt=rules.alone_after)
    return list(alike.order_by("id")[: rules.batch])


_COUNT_ATTEMPT = "UPDATE events_event SET attempts = attempts + 1 WHERE id = ANY(%s)"


def count_attempt(events: list[Event]) -> None:
    """Count it before the run, or Ponte would retry an event that kills its worker for ever."""
    for event in events:
        event.attempts += 1
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_ATTEMPT, [[event.pk for event in events]])


def _ring_on_time(events: list[Event]) -> None:
    """Ring when the first of the failed events is due, if its kind has a policy of its own, whose waits may be short.

    For the waits of POLICY the sweep is soon enough.
    """
    due = [event.available_at for event in events if event.state == Event.State.PENDING]
    if due and rules_of(events[0].kind).retry != POLICY:
        wait = (min(due) - timezone.now()).total_seconds()
        transaction.on_commit(partial(bell.ring_in, wait))


def unpark(mailbox: str) -> None:
    """Make the parked events of this mailbox due. Call this in the transaction that creates the thing they wait for."""
    parked = Event.objects.filter(mailbox=mailbox, state=Event.State.PENDING, outcome=PARKED)
    if parked.update(available_at=Now()):
        transaction.on_commit(bell.ring_soon)
