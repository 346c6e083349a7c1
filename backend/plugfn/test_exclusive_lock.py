"""Tests of the exclusive lock."""

import asyncio

import pytest

from plugfn import exclusive_lock
from plugfn.cache.memory import MemoryShared
from plugfn.errors import Unavailable
from plugfn.exclusive_lock import KIND, ExclusiveLock
from plugfn.storage.memory import MemoryStore


class Slow(MemoryStore):
    """A store that answers late, as a database across a network does."""

    async def put_new(self, kind: str, key: str, value: bytes, ttl: float) -> bytes | None:
        """Store it at once, and answer a little later."""
        done = await super().put_new(kind, key, value, ttl)
        await asyncio.sleep(0.05)
        return done


async def test_a_caller_cancelled_while_claiming_leaves_no_claim_behind():
    store = Slow()
    one_at_a_time = ExclusiveLock(MemoryShared(), store)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), one_at_a_time("x"):
            raise AssertionError("claimed too fast")
    assert await store.peek(KIND, "x") is None


async def test_a_caller_that_gives_up_waiting_leaves_the_holders_claim(monkeypatch):
    monkeypatch.setattr(exclusive_lock, "WAIT_SECONDS", 0.1)
    store = MemoryStore()
    async with ExclusiveLock(MemoryShared(), store)("x"):
        held = await store.peek(KIND, "x")
        with pytest.raises(Unavailable) as caught:
            async with ExclusiveLock(MemoryShared(), store)("x"):
                raise AssertionError("two at a time")
        assert caught.value.code == "locked"
        assert await store.peek(KIND, "x") == held
    assert await store.peek(KIND, "x") is None
