"""Work that costs less when it is done once for everything that happens in one turn of the event loop."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class EachTurn(Generic[T]):
    """Collects items, and calls `work` with all of them before the loop waits again. Not for several threads."""

    def __init__(self, work: Callable[[list[T]], None]) -> None:
        self._work = work
        self._items: list[T] = []

    def put(self, item: T) -> None:
        """Add `item`. Call this only in a coroutine or callback."""
        self._items.append(item)
        if len(self._items) == 1:
            asyncio.get_running_loop().call_soon(self._finish_turn)

    def _finish_turn(self) -> None:
        items, self._items = self._items, []
        self._work(items)
