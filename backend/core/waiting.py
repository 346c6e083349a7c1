"""The connections of a web process that wait for a request or for the rest of one, and which of them must give way."""

from collections import Counter
from typing import Generic, TypeVar

C = TypeVar("C")

PATIENCE = 10.0
"""Seconds for the head and the body of a request together."""
ADDRESS_LIMIT = 256
"""Unfinished requests of one address. With one more, its oldest gives way."""


class Waiting(Generic[C]):
    """Idle connections, and unfinished requests by age. It never refuses a newcomer: the oldest gives way instead.

    A request normally arrives within milliseconds, so an attacker with slow ones pushes out only his own.
    """

    def __init__(self) -> None:
        self._idle: dict[C, None] = {}
        self._since: dict[C, float] = {}  # in the order of their begin
        self._addresses: dict[C, str] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many requests are unfinished."""
        return len(self._since)

    def begin(self, connection: C, now: float) -> None:
        """The first byte of a request arrived, or a connection was made. Without effect on one that began earlier."""
        self._idle.pop(connection, None)
        self._since.setdefault(connection, now)

    def belongs(self, connection: C, address: str) -> C | None:
        """The unfinished request comes from `address`. Returns the request that must give way to it, if any."""
        if connection not in self._since or connection in self._addresses:
            return None
        self._addresses[connection] = address
        self._counts[address] += 1
        if self._counts[address] <= ADDRESS_LIMIT:
            return None
        return next(other for other in self._since if self._addresses.get(other) == address)

    def complete(self, connection: C) -> None:
        """The request is complete, or the connection is lost."""
        self._idle.pop(connection, None)
        self._since.pop(connection, None)
        if (address := self._addresses.pop(connection, None)) is not None:
            self._counts[address] -= 1
            if not self._counts[address]:
                del self._counts[address]

    def rest(self, connection: C) -> None:
        """The answer was sent; the connection stays open for another request."""
        self._idle[connection] = None

    def idle(self) -> list[C]:
        """The connections without a request."""
        return list(self._idle)

    def late(self, now: float) -> list[C]:
        """The requests that began more than PATIENCE ago."""
        found = []
        for connection, since in self._since.items():
            if now - since <= PATIENCE:
                break
            found.append(connection)
        return found

    def oldest(self) -> C | None:
        """The connection that gives way to a new one: one that has been idle for longest, or else unfinished."""
        return next(iter(self._idle), None) or next(iter(self._since), None)
