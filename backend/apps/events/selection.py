"""Choosing events: those of a mailbox, and the finished and dead ones of a replay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.events.models import Event


@dataclass(frozen=True)
class Selection:
    """An event must match every condition that is set. `ids` are row numbers; `dead` leaves out done events."""

    ids: Sequence[int] = ()
    dead: bool = False
    mailbox: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether no condition but `until` is set: such a selection would match almost every event."""
        return self == Selection(until=self.until)

    def events(self) -> QuerySet[Event]:
        """The matching events, oldest first. Pending events are left out: they will be processed anyway."""
        chosen = Event.objects.filter(state__in=self._states()).order_by("id")
        if self.ids:
            chosen = chosen.filter(pk__in=self.ids)
        if self.mailbox:
            chosen = in_mailbox(chosen, self.mailbox)
        if self.kind:
            chosen = chosen.filter(kind=self.kind)
        if self.since:
            # An event never finishes before it arrives, so finished_at adds nothing but the use of its index.
            chosen = chosen.filter(received_at__gte=self.since).filter(
                Q(state=Event.State.DEAD) | Q(state=Event.State.DONE, finished_at__gte=self.since)
            )
        return chosen.filter(received_at__lt=self.until) if self.until else chosen

    def _states(self) -> list[str]:
        return [Event.State.DEAD] if self.dead else [Event.State.DEAD, Event.State.DONE]


def in_mailbox(events: QuerySet[Event], key: str) -> QuerySet[Event]:
    """Those of one mailbox. Each state has an index, and there is none for all of them."""
    return events.filter(
        Q(mailbox=key, state=Event.State.PENDING)
        | Q(mailbox=key, state=Event.State.DONE)
        | Q(mailbox=key, state=Event.State.DEAD)
    )
