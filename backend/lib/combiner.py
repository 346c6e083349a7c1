"""Small work that many threads have at the same moment, done by one of them for all, so that nobody stands in line.

The requests that one commit answers all come back at once. A lock that each takes in turn, however briefly, costs them
more than the work under it.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Combiner(Generic[Item]):
    """Whoever hands something in while nobody is at it works off all that lies there; the others go on at once.

    Nothing is left lying: who stops looks once more. Only the order within one thread is kept.
    """

    def __init__(self, work: Callable[[list[Item]], None]) -> None:
        self._work = work
        self._items: deque[Item] = deque()
        self._busy = threading.Lock()
        # A child may be forked while another thread is at it, which the child does not have.
        os.register_at_fork(after_in_child=self._start_afresh)

    def __len__(self) -> int:
        """How many items lie there."""
        return len(self._items)

    def put(self, item: Item) -> None:
        """Hand in `item`. Raises what the work raises, if it falls to the caller."""
        self._items.append(item)
        while self._items and self._busy.acquire(blocking=False):
            try:
                self._work(self._take())
            finally:
                self._busy.release()

    def _take(self) -> list[Item]:
        return [self._items.popleft() for _ in range(len(self._items))]

    def _start_afresh(self) -> None:
        self._busy = threading.Lock()
