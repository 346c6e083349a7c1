"""One thread does the small work that many threads have at the same moment, and no thread waits for a lock.

All requests of one commit continue at the same moment. A lock that each takes in turn would cost them more than the
work under it.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Combiner(Generic[T]):
    """Collects items. The first thread to add one processes the items of all threads; the others continue at once.

    No item is left over, because the thread checks again before it stops. The items of one thread stay in order; those
    of different threads may not.
    """

    def __init__(self, work: Callable[[list[T]], None]) -> None:
        self._work = work
        self._items: deque[T] = deque()
        self._busy = threading.Lock()
        # A fork copies a taken lock, but not the thread that would release it.
        os.register_at_fork(after_in_child=self._replace_lock)

    def __len__(self) -> int:
        """How many items wait."""
        return len(self._items)

    def put(self, item: T) -> None:
        """Add `item`. If this thread processes the items, an error of the work is raised here."""
        self._items.append(item)
        while self._items and self._busy.acquire(blocking=False):
            try:
                self._work(self._take())
            finally:
                self._busy.release()

    def _take(self) -> list[T]:
        return [self._items.popleft() for _ in range(len(self._items))]

    def _replace_lock(self) -> None:
        self._busy = threading.Lock()
