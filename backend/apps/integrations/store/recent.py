"""The connections that this process read lately, still sealed, so that a burst of calls reads each of them once.

Each change of a connection that is kept here raises the number in integrations_generation. Before one is used, this
number is not older than FRESH seconds: when it has risen, all that was read before is void. So a change in another
process counts within a second, and one of this process at once. Connections with tokens are never kept: who refreshes
tokens must see those that another process has just stored.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from uuid import UUID

from django.db.models import Subquery

from apps.integrations.catalogue import BY_PROVIDER
from apps.integrations.models import Generation, Integration
from plugfn.connection import Connection

# Seconds.
FRESH = 1.0
KEPT = 300.0
LIMIT = 4_000

Sealed = tuple[Connection, bytes]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A connection, for whom it was read and when, and the number beside it."""

    sealed: Sealed
    scope: UUID | str
    read_at: float
    number: int


class RecentConnections:
    """Those of one store. Its threads share it."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._number: int | None = None
        self._checked = float("-inf")

    def get(self, connection_id: str, scope: UUID | str) -> Sealed | None:
        """The connection, if it is certain that it is still so."""
        return self._valid(connection_id, scope) if monotonic() - self._checked < FRESH else None

    def get_checked(self, connection_id: str, scope: UUID | str) -> Sealed | None:
        """Ask the database for the number, unless there is nothing to check."""
        if connection_id not in self._entries:
            return None
        began = monotonic()
        self._learn(Generation.objects.values_list("number", flat=True).get(), began)
        return self._valid(connection_id, scope)

    def put(self, sealed: Sealed, scope: UUID | str, number: int, began: float) -> None:
        """Keep a connection that was read together with the number; the reading `began` at this time."""
        self._learn(number, began)
        self._entries[sealed[0].id] = _Entry(sealed, scope, began, number)
        if len(self._entries) > LIMIT:
            self._entries.pop(next(iter(self._entries)), None)

    def touch(self, connection_id: str, used_at: datetime) -> None:
        """Note the use, which is no change."""
        if (entry := self._entries.get(connection_id)) is not None:
            connection, secret = entry.sealed
            self._entries[connection_id] = replace(entry, sealed=(replace(connection, last_used_at=used_at), secret))

    def void(self) -> None:
        """Something has changed: forget all, and what another thread is reading now."""
        self._entries.clear()
        self._number, self._checked = None, monotonic()

    def _learn(self, number: int, began: float) -> None:
        if began > self._checked:
            self._number, self._checked = number, began

    def _valid(self, connection_id: str, scope: UUID | str) -> Sealed | None:
        entry = self._entries.get(connection_id)
        if entry is None or entry.scope != scope or entry.number != self._number:
            return None
        return entry.sealed if monotonic() - entry.read_at < KEPT else None


def is_kept(provider: str) -> bool:
    """Whether connections of the provider are kept: those whose credentials a person typed."""
    entry = BY_PROVIDER.get(provider)
    return entry is not None and not entry.is_oauth


# The number and the row are of one moment.
WITH_NUMBER = Integration.objects.annotate(number=Subquery(Generation.objects.values("number")[:1]))
