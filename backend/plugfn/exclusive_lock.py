"""A lock across all processes that share the database, whether or not they also share a Redis."""

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
    """Two locks in one. The shared lock queues waiting callers, of this process or (with Redis) of all processes.

    The claim in the store excludes processes that share only the database, also while Redis is down."""

    def __init__(self, shared: Shared, claims: ShortLived) -> None:
        self._shared, self._claims = shared, claims

    @asynccontextmanager
    async def __call__(self, name: str) -> AsyncIterator[None]:
        """Hold the lock, for at most a minute. Raises Unavailable (code "locked", "store", or "shared_state")."""
        async with AsyncExitStack() as locks:
            try:
                await locks.enter_async_context(self._shared.lock(name, ttl=HOLD_SECONDS, wait=WAIT_SECONDS))
            except Unavailable as error:
                if error.code != "shared_state":
                    raise
                log.warning("the shared state is down: only the claim in the database excludes other processes")
            token = uuid4().bytes
            try:
                # Inside the try: the database may have stored a claim that was cancelled.
                await self._claim(name, token)
                yield
            finally:
                await self._release(name, token)

    async def _claim(self, name: str, token: bytes) -> None:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while await self._claims.put_new(KIND, name, token, HOLD_SECONDS) is not None:
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise Unavailable("another process holds this lock", code="locked") from None

    async def _release(self, name: str, token: bytes) -> None:
        try:
            if await self._claims.peek(KIND, name) == token:
                await self._claims.take(KIND, name)
        except Unavailable:
            # This does not affect the work under the lock, and the claim expires by itself.
            log.warning("a claim was not released; it expires by itself", exc_info=True)
