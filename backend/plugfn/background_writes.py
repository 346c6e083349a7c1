"""Writes that finish even when their caller is cancelled, and whose failure does not fail the caller."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger("plugfn")

# The event loop holds only weak references to its tasks.
_running: set[asyncio.Task[None]] = set()


async def complete(write: Coroutine[Any, Any, object], otherwise: str) -> None:
    """Finish `write` even if the caller is cancelled. Log `otherwise` if it fails."""
    task = asyncio.create_task(_logged(write, otherwise))
    _running.add(task)
    task.add_done_callback(_running.discard)
    await asyncio.shield(task)


async def _logged(write: Coroutine[Any, Any, object], otherwise: str) -> None:
    try:
        await write
    except Exception:
        log.exception(otherwise)
