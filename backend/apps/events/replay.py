"""Replaying: an event that is dead or done is worked on once more, and who asked for it is kept."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models.functions import Now

from apps.events import bell
from apps.events.books import book
from apps.events.models import Event, Replay


def replay(events: Iterable[Event], *, actor: str, reason: str = "") -> int:
    """Bring finished events back to life; one that waits already, or was purged, is left alone. Returns how many."""
    with transaction.atomic():
        revived = [pk for pk in sorted(event.pk for event in events) if _revive(pk, actor, reason)]
        transaction.on_commit(bell.ring_soon)
    return len(revived)


def _revive(pk: int, actor: str, reason: str) -> bool:
    event = Event.objects.select_for_update().filter(pk=pk).first()
    if event is None or event.state == Event.State.PENDING:
        return False
    Replay.objects.create(
        event=event,
        kind=event.kind,
        actor=actor[:150],
        reason=reason[:200],
        was_state=event.state,
        was_error_code=event.error_code,
    )
    if event.state == Event.State.DONE:
        book(done=-1)
    event.state, event.outcome, event.finished_at = Event.State.PENDING, "replayed", None
    event.attempts, event.available_at = 0, Now()
    event.save()
    return True
