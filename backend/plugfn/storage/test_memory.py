"""Tests of the store in memory: the contract, and its bounds."""

import pytest
import time_machine

from plugfn.storage.memory import SWEEP_AT_LEAST, MemoryActionLogs, MemoryStore
from plugfn.testing.store_contract import StoreContract, a_log


class TestMemoryStore(StoreContract):
    @pytest.fixture
    async def store(self) -> MemoryStore:
        return MemoryStore()


async def test_only_the_newest_logs_are_kept():
    logs = MemoryActionLogs(most=3)
    made = [a_log(call_id=str(number)) for number in range(5)]
    await logs.add_logs(made)
    assert await logs.logs() == made[:1:-1]


async def test_expired_values_do_not_pile_up():
    store = MemoryStore()
    with time_machine.travel(0, tick=False) as clock:
        for number in range(10 * SWEEP_AT_LEAST):
            await store.put("state", str(number), b"v", 1)
            clock.shift(0.01)
    assert len(store._values) <= 2 * SWEEP_AT_LEAST
