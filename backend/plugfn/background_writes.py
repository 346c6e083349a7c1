"""What is still to be written down when something is over: it changes nothing about that any more."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger("plugfn")

# The event loop itself holds its tasks only weakly.
_under_way: set[asyncio.Task[None]] = set()


async def complete(write: Coroutine[Any, Any, object], otherwise: str) -> None:
    """The write goes on when the caller leaves, and its failure is logged as `otherwise`."""
    task = asyncio.create_task(_tried(write, otherwise))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    await asyncio.shield(task)


async def _tried(write: Coroutine[Any, Any, object], otherwise: str) -> None:
    try:
        await write
    except Exception:
        log.exception(otherwise)
