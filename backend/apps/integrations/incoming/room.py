"""The memory of this process for long bodies of webhooks: senders whom nothing proves yet cannot take more."""

from collections.abc import Iterator
from contextlib import contextmanager

from lib.doorway import Grow

# Bytes of a body that are not counted: short deliveries always fit, whatever others send.
SHORT = 64 * 1024
ROOM = 64 * 1024 * 1024


class Full(Exception):
    """Other long bodies take all the room: the sender must retry."""


class Room:
    """How many bytes of long bodies are held at once."""

    def __init__(self, size: int = ROOM) -> None:
        self._size = size
        self.held = 0

    @contextmanager
    def share(self) -> Iterator[Grow]:
        """Room for one body while it is read and stored. What it yields raises Full."""
        mine = 0

        def grow(length: int) -> None:
            nonlocal mine
            more = max(0, length - SHORT - mine)
            if self.held + more > self._size:
                raise Full
            self.held += more
            mine += more

        try:
            yield grow
        finally:
            self.held -= mine
