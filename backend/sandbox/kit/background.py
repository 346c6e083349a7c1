"""Tasks that no request waits for, such as webhook deliveries."""

import asyncio
from collections.abc import Coroutine

from aiohttp import web


class Background:
    """Tasks that run concurrently with the requests."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Run it as a separate task."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until all tasks have ended."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def cancel(self) -> None:
        """Cancel all tasks."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


SENDING = web.AppKey("sending", Background)
"""An application's webhook deliveries."""


async def settle(request: web.Request) -> web.Response:
    """Answer when no delivery is under way."""
    await request.app[SENDING].settled()
    return web.Response(status=204)
