"""Both implementations of shared state, and helpers to use them from a second loop or process."""

import asyncio
import threading
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from plugfn.cache.memory import MemoryShared
from plugfn.cache.protocol import Shared
from plugfn.cache.redis import RedisShared


@pytest.fixture
def prefix():
    return f"test-shared-{uuid4().hex[:12]}:"


@pytest.fixture
async def in_redis(redis_url, prefix) -> AsyncIterator[RedisShared]:
    shared = RedisShared(redis_url, prefix)
    yield shared
    await shared.close()


@pytest.fixture(params=["memory", "redis"])
def shared(request) -> Shared:
    """Runs each test with both implementations, since both must keep the protocol's promises."""
    return MemoryShared() if request.param == "memory" else request.getfixturevalue("in_redis")


@pytest.fixture
def in_other_loops(shared):
    """Runs `work()` in this many threads, each with its own event loop. Returns the results."""

    def run(work, threads):
        results, errors = [], []

        async def whole():
            try:
                return await work()
            finally:
                await shared.close()

        def one():
            try:
                results.append(asyncio.run(whole()))
            except BaseException as error:  # noqa: BLE001 - raised again below, in the test's own thread
                errors.append(error)

        running = [threading.Thread(target=one) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        if errors:
            raise errors[0]
        return results

    return run
