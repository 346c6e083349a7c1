"""Waits for a lock by polling, which needs nothing that belongs to one event loop."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from plugfn.errors import Unavailable

POLL_SECONDS = 0.02


async def acquired(attempt: Callable[[], Awaitable[bool]], wait: float) -> None:
    """Return when `attempt` has succeeded. Raises Unavailable (code "locked") after `wait` seconds.

    The pauses are random and do not grow: a caller that has waited long tries as often as a new one, so each wait ends.
    """
    give_up = time.monotonic() + wait
    while not await attempt():
        left = give_up - time.monotonic()
        if left <= 0:
            raise Unavailable("another caller holds this lock", code="locked")
        await asyncio.sleep(min(left, POLL_SECONDS * random.uniform(0.5, 1.5)))
