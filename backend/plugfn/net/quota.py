"""What answers say about the vendor's rate limit: how many calls are left, and until when."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

MOST_SECONDS = 86400.0


@dataclass(frozen=True)
class Quota:
    """`remaining` calls are left until the limit resets in `reset_after` seconds."""

    remaining: int
    reset_after: float


Read = Callable[[Mapping[str, str]], Quota | None]
"""A function from an answer's headers (lower-case names) to its quota."""


def no_quota(_headers: Mapping[str, str]) -> Quota | None:
    """For vendors whose answers do not report a quota."""
    return None


def quota_headers(remaining: str, reset: str, unit: Literal["epoch", "seconds"]) -> Read:
    """Reads two headers, named in lower case. `unit`: whether `reset` is a Unix time or seconds from now."""

    def read(headers: Mapping[str, str]) -> Quota | None:
        left, until = headers.get(remaining, ""), headers.get(reset, "")
        if not _number(left) or not _number(until):
            return None
        seconds = int(until) - time.time() if unit == "epoch" else float(until)
        return Quota(int(left), min(max(seconds, 0.0), MOST_SECONDS))

    return read


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15
