"""One at a time, of all processes that share the database, whether or not they share a Redis too."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

from plugfn.cache.protocol import Shared
from plugfn.errors import Unavailable
from plugfn.storage.protocol import ShortLived

log = logging.getLogger("plugfn")

KIND = "exclusive"
HOLD_SECONDS = 60.0
WAIT_SECONDS = 30.0
POLL_SECONDS = 0.05


class ExclusiveLock:
    """The shared lock queues those who wait: of this process, or of all when the shared state is Redis.

    The claim in the store keeps apart processes that share nothing else, also while Redis is away."""

    def __init__(self, shared: Shared, claims: ShortLived) -> None:
        self._shared, self._claims = shared, claims

    @asynccontextmanager
    async def __call__(self, name: str) -> AsyncIterator[None]:
        """Held for at most a minute. Raises Unavailable (code "locked", "store"; "shared_state" when it ends)."""
        async with AsyncExitStack() as held:
            try:
                await held.enter_async_context(self._shared.lock(name, ttl=HOLD_SECONDS, wait=WAIT_SECONDS))
            except Unavailable as error:
                if error.code != "shared_state":
                    raise
                log.warning("the shared state is away: the claim alone keeps others out")
            mine = uuid4().bytes
            try:
                # Within: one who is cut off while claiming may have got the claim without hearing of it.
                await self._claim(name, mine)
                yield
            finally:
                await self._release(name, mine)

    async def _claim(self, name: str, mine: bytes) -> None:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while await self._claims.put_new(KIND, name, mine, HOLD_SECONDS) is not None:
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise Unavailable("another process is at it", code="locked") from None

    async def _release(self, name: str, mine: bytes) -> None:
        try:
            if await self._claims.peek(KIND, name) == mine:
                await self._claims.take(KIND, name)
        except Unavailable:
            # What it was held for is done all the same; the claim ends by itself.
            log.warning("a claim was not given back", exc_info=True)
