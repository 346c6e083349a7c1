"""Replaying: a dead or done event becomes pending again, and a Replay row records who asked for it."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models.functions import Now

from apps.events import bell
from apps.events.books import book
from apps.events.models import Event, Replay


def replay(events: Iterable[Event], *, actor: str, reason: str = "") -> int:
    """Make events pending again and return their number. Pending and purged events are left alone."""
    with transaction.atomic():
        replayed = [pk for pk in sorted(event.pk for event in events) if _replay(pk, actor, reason)]
        transaction.on_commit(bell.ring_soon)
    return len(replayed)


def _replay(pk: int, actor: str, reason: str) -> bool:
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
