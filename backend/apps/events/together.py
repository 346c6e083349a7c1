"""Working on several mailboxes at once: their runs share transactions, and each takes one event.

A run commits three times. Where its own work is short, as with a message, that is most of what it costs.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from apps.events import bell
from apps.events.finish import finish
from apps.events.lease import claim_free, free_all, renew_all
from apps.events.order import heads_of
from apps.events.work import Batch, Handler, count_attempt, process, run
from lib.row_security import for_nobody

logger = logging.getLogger(__name__)

# Works on batches of one kind and one client, and finishes those that it can. Returns the others, each with the handler
# that ends it.
Together = Callable[[list[Batch]], list[tuple[Batch, Handler]]]


@for_nobody()
def process_together(mailboxes: Sequence[str], kind: str, together: Together, alone: Handler) -> None:
    """The body of a task for several mailboxes: one run over the first due event of each of them.

    A mailbox whose event is not of this kind, waits for another one or has failed before runs by itself, with `alone`,
    and so does each of them after an error that concerns them all.
    """
    batches = _take(mailboxes, kind) if len(mailboxes) > 1 else []
    for batch, handler in _run(batches, together, alone):
        run(batch, handler)
    taken = {batch.key for batch in batches}
    for mailbox in mailboxes:
        if mailbox not in taken:
            process(mailbox, kind, alone)
    # More events of these mailboxes wait their turn.
    bell.ring_soon()


def _run(batches: list[Batch], together: Together, alone: Handler) -> list[tuple[Batch, Handler]]:
    """What is left to do."""
    if not batches:
        return []
    kind, mailboxes = batches[0].kind, [batch.key for batch in batches]
    logger.info("[TASK] Processing %s for %d mailboxes", kind, len(batches), extra={"mailboxes": mailboxes})
    try:
        left = together(batches)
    except Exception as error:  # noqa: BLE001 - each run stores what it meets
        text = "[TASK] %d mailboxes could not run together (%s), so each runs by itself."
        logger.warning(text, len(batches), type(error).__name__)
        left = [(batch, alone) for batch in batches if not batch.finished]
    done = len(batches) - len(left)
    text = "[TASK] Successfully processed %s for %d of %d mailboxes"
    logger.info(text, kind, done, len(batches), extra={"mailboxes": mailboxes})
    return left


def _take(mailboxes: Sequence[str], kind: str) -> list[Batch]:
    """Take the leases of those mailboxes that nobody holds and whose first due event may run together with others."""
    with transaction.atomic():
        leases = claim_free(mailboxes)
        heads = {head.mailbox: head for head in heads_of([lease.key for lease in leases])}
        taken = [Batch(lease, [heads[lease.key]]) for lease in leases if _suits(heads.get(lease.key), kind)]
        taken = [batch for batch in taken if batch.events[0].client_id == taken[0].events[0].client_id]
        count_attempt([batch.events[0] for batch in taken])
        keys = {batch.key for batch in taken}
        free_all([lease for lease in leases if lease.key not in keys])
    return taken


def _suits(head: Any, kind: str) -> bool:
    return head is not None and head.kind == kind and head.attempts == 0 and head.first == head.pk


@contextmanager
def write_together(batches: Sequence[Batch]) -> Iterator[list[Batch]]:
    """One fenced transaction. Yields the batches that may still write: the others have lost their lease."""
    with transaction.atomic():
        held = renew_all([batch.lease for batch in batches])
        yield [batch for batch in batches if batch.key in held]


@contextmanager
def finish_together(batches: Sequence[Batch], outcome: str) -> Iterator[list[Batch]]:
    """The last fenced transaction, for those that it yields: see `Batch.finish`."""
    with write_together(batches) as held:
        yield held
        finish([batch.lease for batch in held], [batch.events[0] for batch in held], outcome)
    for batch in held:
        batch.finished = True
