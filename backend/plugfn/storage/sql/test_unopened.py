"""A program that does not open the store: the tables are created on first use, once in a process."""

import asyncio

from plugfn.calls.test_executor import Script, made
from plugfn.crypto import new_key
from plugfn.plug import PlugFn
from plugfn.storage.sql import store as module
from plugfn.storage.sql.store import SqlStore


def a_plug(path) -> PlugFn:
    plug = PlugFn(encryption_key=new_key(), database=f"sqlite:///{path}")
    plug.providers.register(made(Script()))
    return plug


def test_a_script_that_does_not_open_the_store_works(tmp_path):
    async def script() -> int:
        plug = a_plug(tmp_path / "plug.db")
        await plug.connections.create("ana", "acme", {})
        result = await plug.run("acme.numbers.ask", user_id="ana", params={"number": 4})
        await plug.close()
        return result.number

    assert asyncio.run(script()) == 4


async def test_many_simultaneous_first_uses_create_the_tables_once(tmp_path, monkeypatch):
    made_tables = []
    upgrade = module.upgrade
    monkeypatch.setattr(module, "upgrade", lambda url: made_tables.append(url) or upgrade(url))
    store = SqlStore(f"sqlite:///{tmp_path / 'plug.db'}")
    assert await asyncio.gather(*[store.connections() for _ in range(10)]) == [[]] * 10
    await store.close()
    await store.connections()
    await store.close()
    assert len(made_tables) == 1
