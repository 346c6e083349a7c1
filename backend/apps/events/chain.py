"""The chain of an event: what caused it, up to the first event, and everything that it caused."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from apps.events.emit import DEPTH_LIMIT
from apps.events.models import Event

# Events shown of one chain.
MOST = 100

_UP = """
    WITH RECURSIVE up AS (
        SELECT id, caused_by, 0 AS step FROM events_event WHERE id = %(id)s
        UNION ALL
        SELECT cause.id, cause.caused_by, up.step + 1 FROM events_event AS cause
        JOIN up ON cause.id = up.caused_by WHERE up.step < %(depth)s
    )
    SELECT id, -step FROM up WHERE step > 0
"""
_DOWN = """
    WITH RECURSIVE down AS (
        SELECT id, 0 AS step FROM events_event WHERE id = %(id)s
        UNION ALL
        SELECT effect.id, down.step + 1 FROM events_event AS effect
        JOIN down ON effect.caused_by = down.id WHERE down.step < %(depth)s
    )
    SELECT id, step FROM down WHERE step > 0 LIMIT %(most)s
"""


@dataclass(frozen=True)
class Link:
    """One event of a chain. `step` is negative for causes, 0 for the event itself, positive for effects."""

    event: Event
    step: int


def chain(event: Event) -> Sequence[Link]:
    """The chain, causes first. Purged causes are missing. At most MOST effects. Three queries."""
    steps = {event.pk: 0}
    values = {"id": event.pk, "depth": DEPTH_LIMIT, "most": MOST}
    with connection.cursor() as cursor:
        for statement in (_UP, _DOWN):
            cursor.execute(statement, values)
            steps.update(dict(cursor.fetchall()))
    events = Event.objects.defer("payload").filter(pk__in=steps)
    return sorted((Link(each, steps[each.pk]) for each in events), key=lambda link: (link.step, link.event.pk))
