"""Limits how often something may happen a minute, by a key, counted in this process alone: no store is asked.

With n processes the limit is n times as high. A key costs one number, and the keys used longest ago are forgotten.
"""

from collections import OrderedDict

MINUTE = 60.0
KEYS = 20_000


class ProcessLimit:
    """At most `per_minute` at once, and in the long run `per_minute` a minute (the generic cell rate algorithm).

    After a pause the whole allowance is there again. In any minute there are at most twice as many.
    """

    def __init__(self, keys: int = KEYS) -> None:
        self._keys = keys
        # When the allowance of each key is whole again, the longest unused first.
        self._whole_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._whole_at)

    def wait(self, key: str, per_minute: int, now: float) -> float:
        """0.0 if it may happen now, and then it counts; otherwise the seconds until it may. It takes constant time.

        `now` never goes back. `per_minute` 0 means that there is no limit.
        """
        if per_minute <= 0:
            return 0.0
        whole_at = max(self._whole_at.get(key, 0.0), now) + MINUTE / per_minute
        # The sum of many steps is not exact.
        if (late := whole_at - now - MINUTE) > 1e-6:
            return late
        self._whole_at[key] = whole_at
        self._whole_at.move_to_end(key)
        if len(self._whole_at) > self._keys:
            self._whole_at.popitem(last=False)
        return 0.0
