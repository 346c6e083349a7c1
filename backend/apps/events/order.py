"""Strict order: an event waits until the earlier ones of its mailbox and kind are done or dead.

While the first of them waits for its retry, the later ones are due no earlier than it is. So they are not rung for in
vain. What arrives meanwhile is due at once, and postponed when a worker looks at it. For kinds without strict order
nothing here asks the database.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from apps.events.kinds import rules_of
from apps.events.models import Event

# Outcomes of waiting events that have no wait of their own: one that is due later was postponed behind another.
READY = ("", "replayed")


def with_first(events: QuerySet[Event]) -> QuerySet[Event]:
    """The events with `first`: the number of the first one of their mailbox and kind that is not finished."""
    same = Event.objects.filter(mailbox=OuterRef("mailbox"), kind=OuterRef("kind"), state=Event.State.PENDING)
    return events.annotate(first=Subquery(same.order_by("id").values("id")[:1]))


# The database's clock decides what is due, as in the ring.
_HEADS = """
    SELECT head.*, (
        SELECT id FROM events_event AS first
        WHERE first.mailbox = head.mailbox AND first.kind = head.kind AND first.state = 'pending'
        ORDER BY id LIMIT 1
    ) AS first
    FROM unnest(%s::text[]) AS box (key) CROSS JOIN LATERAL (
        SELECT * FROM events_event
        WHERE mailbox = box.key AND state = 'pending' AND available_at <= statement_timestamp()
        ORDER BY id LIMIT 1
    ) AS head
"""


def heads_of(mailboxes: Sequence[str]) -> list[Any]:
    """The oldest due event of each mailbox that has one, with `first` as `with_first` has it."""
    return list(Event.objects.raw(_HEADS, [list(mailboxes)]))


def is_blocked(event: Any) -> bool:
    """Whether an earlier event must come first. If so, `event` and its like now wait as long as the earliest does.

    `event` comes from `with_first`.
    """
    if not rules_of(event.kind).strict or event.first == event.pk:
        return False
    first = _waiting(event).defer("payload").order_by("id").first()
    if first is None or first.pk == event.pk:
        return False
    _postpone_followers(first)
    return True


def arrange_followers(event: Event) -> None:
    """After a run that failed: the later events wait as long as `event`, or are due at once if it is dead or done."""
    if event.state == Event.State.PENDING:
        _postpone_followers(event)
    else:
        release_followers(event)


def _postpone_followers(event: Event) -> None:
    if rules_of(event.kind).strict:
        # An earlier one was replayed meanwhile, and waits for nothing.
        sooner = _waiting(event).filter(pk__gt=event.pk, available_at__lt=event.available_at)
        sooner.update(available_at=event.available_at)


def release_followers(event: Event) -> bool:
    """Make the events due that waited for `event` alone, and return whether there are any.

    A later event that failed itself, which happens only if `event` was replayed, keeps its own time.
    """
    if not rules_of(event.kind).strict:
        return False
    postponed = _waiting(event).filter(outcome__in=READY, available_at__gt=Now())
    return postponed.update(available_at=Now()) > 0


def _waiting(event: Event) -> QuerySet[Event]:
    """The events of its mailbox and kind that are not finished, itself included."""
    return Event.objects.filter(mailbox=event.mailbox, kind=event.kind, state=Event.State.PENDING)
