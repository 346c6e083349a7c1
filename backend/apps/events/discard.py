"""Discarding: staff give up an event that waits or is dead. It becomes done, so the books stay balanced."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from apps.events import bell
from apps.events.books import book
from apps.events.lease import Lease, Locked, claim
from apps.events.models import Event
from apps.events.order import release_followers

DISCARDED = "discarded"


def discard(events: Iterable[Event]) -> int:
    """Finish events as `discarded` and return their number. The caller writes the audit, with the reason.

    Done events are left alone, and waiting ones whose mailbox a worker holds now: it would finish them itself.
    """
    with transaction.atomic():
        discarded = sum(_discard(pk) for pk in sorted(event.pk for event in events))
        book(done=discarded)
    return discarded


def _discard(pk: int) -> bool:
    event = Event.objects.filter(pk=pk).first()
    if event is None or event.state == Event.State.DONE:
        return False
    if event.state == Event.State.DEAD:
        return _finish(pk, Event.State.DEAD)
    if (lease := _claimed(event.mailbox)) is None:
        return False
    finished = _finish(pk, Event.State.PENDING)
    if finished and release_followers(event):
        transaction.on_commit(bell.ring_soon)
    lease.free()
    return finished


def _claimed(mailbox: str) -> Lease | None:
    try:
        with transaction.atomic():
            return claim(mailbox)
    except Locked:
        return None


def _finish(pk: int, state: str) -> bool:
    # Only if the event is still in the state that was seen.
    rows = Event.objects.filter(pk=pk, state=state).update(
        state=Event.State.DONE, outcome=DISCARDED, finished_at=timezone.now()
    )
    return rows == 1
