"""All stores give the same answers to any sequence of operations on short-lived values."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugfn.storage.memory import MemoryStore
from plugfn.storage.protocol import Store
from plugfn.storage.sql import SqlStore
from plugfn.storage.sql.tables import short_lived

KINDS, KEYS = st.sampled_from(["a", "b"]), st.sampled_from(["k", "K", "é", "e\u0301", "x" * 300])
STEPS = st.one_of(
    st.tuples(st.just("put_new"), KINDS, KEYS, st.binary(max_size=3), st.sampled_from([-1, 0, 5, 60])),
    st.tuples(st.just("put"), KINDS, KEYS, st.binary(max_size=3), st.sampled_from([-1, 0, 5, 60])),
    st.tuples(st.just("peek"), KINDS, KEYS),
    st.tuples(st.just("take"), KINDS, KEYS),
    st.tuples(st.just("purge")),
    st.tuples(st.just("later"), st.sampled_from([1, 4, 5, 60])),
)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'alike.db'}"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=25))
def test_all_stores_give_the_same_answers(file, steps):
    async def story() -> None:
        memory, sql = MemoryStore(), SqlStore(file)
        await sql.open()
        await sql.execute(short_lived.delete())
        with time_machine.travel(time.time(), tick=False) as clock:
            for name, *given_ in steps:
                if name == "later":
                    clock.shift(given_[0])
                else:
                    assert await do(memory, name, given_) == await do(sql, name, given_), name
        await sql.close()

    asyncio.run(story())


async def do(store: Store, name: str, given_: list[Any]) -> Any:
    return await getattr(store, name)(*given_)
