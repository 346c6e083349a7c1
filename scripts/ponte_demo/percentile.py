"""The percentile of a list of measurements."""

import math


def percentile(ordered: list[float], share: float) -> float | None:
    """The smallest value that at least this share of the ordered values do not exceed. None without values."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else None
