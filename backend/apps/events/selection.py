"""Which finished events a replay is for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.events.models import Event


@dataclass(frozen=True)
class Selection:
    """All conditions that are given must hold. `dead` leaves out what ended well; `ids` are row numbers."""

    ids: Sequence[int] = field(default_factory=tuple)
    dead: bool = False
    mailbox: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether it would mean everything that ever happened."""
        return self == Selection(until=self.until)

    def events(self) -> QuerySet[Event]:
        """Oldest first. What still waits is not in it: that will be worked on anyway."""
        chosen = Event.objects.filter(state__in=self._states()).order_by("id")
        if self.ids:
            chosen = chosen.filter(pk__in=self.ids)
        if self.mailbox:
            chosen = chosen.filter(mailbox=self.mailbox)
        if self.kind:
            chosen = chosen.filter(kind=self.kind)
        if self.since:
            # Nothing ends before it arrives: the second half is for the index of finished events.
            chosen = chosen.filter(received_at__gte=self.since).filter(
                Q(state=Event.State.DEAD) | Q(state=Event.State.DONE, finished_at__gte=self.since)
            )
        return chosen.filter(received_at__lt=self.until) if self.until else chosen

    def _states(self) -> list[str]:
        return [Event.State.DEAD] if self.dead else [Event.State.DEAD, Event.State.DONE]
