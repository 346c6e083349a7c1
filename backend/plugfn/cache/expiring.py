"""A dictionary whose items expire, with an optional capacity: beyond it the oldest items are dropped."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# The first sweep of expired items is at this size, the next each time the size has doubled.
SWEEP_AT = 1024


class Expiring(Generic[K, V]):
    """Times are in seconds of the caller's clock. Not thread-safe: the caller holds a lock.

    `capacity` bounds the sum of the values' weights (`weigh`). Beyond it the oldest items are dropped, and a value that
    is heavier than the capacity is not stored. Without it items stay until they expire.
    """

    def __init__(self, capacity: int | None = None, weigh: Callable[[V], int] = lambda _: 1) -> None:
        self._items: dict[K, tuple[float, V]] = {}
        self._capacity, self._weigh = capacity, weigh
        self._weight = 0
        self._sweep_at = SWEEP_AT

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: K, now: float) -> V | None:
        """The value, unless it has expired."""
        item = self._items.get(key)
        return item[1] if item is not None and item[0] > now else None

    def put(self, key: K, value: V, ends: float, now: float) -> None:
        """Store `value` until `ends`."""
        if self._capacity is not None and not self._make_room(self._capacity, key, self._weigh(value)):
            return
        self._items[key] = (ends, value)
        if len(self._items) >= self._sweep_at:
            self._sweep(now)

    def _make_room(self, capacity: int, key: K, weight: int) -> bool:
        self.drop(key)  # so that its old place in the queue and its old weight are gone
        if weight > capacity:
            return False
        while self._weight + weight > capacity:
            self.drop(next(iter(self._items)))
        self._weight += weight
        return True

    def drop(self, key: K) -> None:
        """Remove an item."""
        item = self._items.pop(key, None)
        if item is not None and self._capacity is not None:
            self._weight -= self._weigh(item[1])

    def _sweep(self, now: float) -> None:
        for key in list(self._items):
            if key in self._items and self._items[key][0] <= now:
                self.drop(key)
        self._sweep_at = max(SWEEP_AT, 2 * len(self._items))
