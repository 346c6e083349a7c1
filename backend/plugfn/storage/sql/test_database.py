"""Tests of the SQL store's engines: event loops, forks, locks, and unreachable databases."""

import asyncio
import multiprocessing
import sqlite3
import threading
import time
import traceback
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import time_machine
from sqlalchemy import text

from plugfn.errors import InvalidCall, Unavailable
from plugfn.storage.sql import SqlStore, database, short_lived
from plugfn.storage.sql.short_lived import SWEEP_EVERY
from plugfn.testing.store_contract import NOW, a_connection, a_log


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, file: Path):
    postgres = request.param == "postgresql"
    store = SqlStore(request.getfixturevalue("postgres_url") if postgres else f"sqlite:///{file}")
    await store.open()
    yield store
    await store.close()


async def test_an_unreachable_database_is_unavailable_and_its_password_stays_secret():
    store = SqlStore("postgresql://user:hunter2@127.0.0.1:1/db")
    for doing in (store.open, store.purge, lambda: store.add_connection(a_connection(), b"sealed")):
        with pytest.raises(Unavailable) as caught:
            await doing()
        assert caught.value.code == "store"
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    await store.close()


async def test_a_read_only_file_is_reported(file):
    await SqlStore(f"sqlite:///{file}").open()
    store = SqlStore(f"sqlite:///file:{file}?mode=ro&uri=true")
    with pytest.raises(Unavailable, match="readonly database"):
        await store.add_logs([a_log()])
    await store.close()


async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path):
    store = SqlStore(f"sqlite:///{tmp_path}/no/such/folder/x.db")
    with pytest.raises(Unavailable):
        await store.open()
    with pytest.raises(Unavailable):
        await store.purge()
    await store.close()


async def test_an_error_of_the_database_shows_no_values(store):
    secret = "hunter" + str(2)
    with pytest.raises(ValueError) as caught:
        await store.add_connection(a_connection(label=secret, created_at=datetime(2026, 1, 1)), secret.encode())
    assert secret not in "".join(traceback.format_exception(caught.value))


async def test_text_that_postgresql_cannot_store_is_an_invalid_call(postgres_url):
    store = SqlStore(postgres_url)
    await store.open()
    for user_id in ("nul\x00", "x" * 256, "\ud800"):
        with pytest.raises(InvalidCall):
            await store.add_connection(a_connection(user_id=user_id), b"x")
    await store.close()


async def test_a_write_to_a_locked_sqlite_file_waits(file):
    store = SqlStore(f"sqlite:///{file}")
    await store.open()
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    released = threading.Timer(0.3, other.execute, ["COMMIT"])
    released.start()
    begun = time.monotonic()
    await store.put("a", "k", b"v", 60)
    assert time.monotonic() - begun > 0.2
    released.join()
    other.close()
    await store.close()


async def test_a_sqlite_file_that_stays_locked_is_unavailable(file, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    store = SqlStore(f"sqlite:///{file}")
    await store.open()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        await store.put("a", "k", b"v", 60)
    other.close()
    await store.put("a", "k", b"v", 60)
    await store.close()


async def test_readers_do_not_wait_for_a_writer(file):
    store = SqlStore(f"sqlite:///{file}")
    await store.open()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    assert await store.connections() == []
    assert time.monotonic() - begun < 1
    other.close()
    await store.close()


def test_loops_that_come_and_go_leave_no_connections_behind(postgres_url):
    store = SqlStore(postgres_url)
    asyncio.run(store.open())
    for _ in range(5):
        asyncio.run(store.purge())
    asyncio.run(store.close())
    with psycopg.connect(postgres_url) as connection:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        deadline = time.monotonic() + 5
        while (left := connection.execute(others).fetchone()[0]) and time.monotonic() < deadline:
            time.sleep(0.02)
            connection.rollback()
    assert left == 0


async def test_connections_that_the_server_closed_are_replaced(postgres_url):
    store = SqlStore(postgres_url)
    await store.open()
    await store.purge()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await store.purge() == 0
    await store.close()


async def test_a_forked_child_uses_its_own_connections(store):
    stored = a_connection(user_id="forker")
    await store.add_connection(stored, b"x")
    forked = multiprocessing.get_context("fork")
    answers = forked.SimpleQueue()
    child = forked.Process(target=_in_a_child, args=(store, stored.id, answers))
    child.start()
    await asyncio.to_thread(child.join, 30)
    assert child.exitcode == 0
    assert answers.get() == "forker"
    assert await store.connection(stored.id) == stored
    assert await store.delete_connection(stored.id)


def _in_a_child(store, connection_id, answers) -> None:
    # In a forked child the parent's loop counts as running until this is reset.
    asyncio._set_running_loop(None)

    async def read() -> None:
        found = await store.connection(connection_id)
        answers.put(found.user_id)
        await store.close()

    asyncio.run(read())


async def test_a_hundred_simultaneous_statements_all_run(store):
    await asyncio.gather(*(store.add_logs([a_log(user_id="crowd", started_at=NOW)]) for _ in range(100)))
    assert len(await store.logs(user_id="crowd", limit=500)) == 100


async def test_expired_values_do_not_pile_up(store):
    with time_machine.travel(time.time(), tick=False) as clock:
        for number in range(5):
            await store.put("state", f"pile-{number}", b"v", 1)
        clock.shift(SWEEP_EVERY + 1)
        await store.put("state", "pile-new", b"v", 1)
        assert (await store.execute(text("SELECT count(*) FROM plugfn_short_lived WHERE key LIKE 'pile%'"))).rows == [
            (1,)
        ]
        await store.take("state", "pile-new")


async def test_a_silent_server_is_unavailable_in_time(monkeypatch):
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 0.3)
    silent = await asyncio.start_server(lambda _reader, _writer: asyncio.sleep(5), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    store = SqlStore(f"postgresql://user:hunter2@127.0.0.1:{port}/db")
    monkeypatch.setattr(store, "_opened", True)  # it was opened while the server still answered
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        await store.purge()
    assert time.monotonic() - begun < 3
    await store.close()
    silent.close()


async def test_a_cancelled_statement_leaves_a_usable_store(store):
    for pause in (0, 0.0005, 0.002, 0.005):
        task = asyncio.create_task(store.put("given-up", "k", b"v", 60))
        await asyncio.sleep(pause)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.gather(*(store.put("given-up", str(number), b"v", 60) for number in range(30)))
    assert await store.take("given-up", "7") == b"v"


async def test_statements_cancelled_during_connecting_leak_no_connections(store):
    """Otherwise each would stay in use for ever and could keep SQLite locked, until the store is unusable."""
    for number in range(12):
        await store.close_engines()
        task = asyncio.create_task(store.put("given-up", "k", b"v", 60))
        await asyncio.sleep(number * 0.0005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        begun = time.monotonic()
        await asyncio.gather(*(store.put("given-up", str(other), b"v", 60) for other in range(8)))
        assert time.monotonic() - begun < database.BUSY_SECONDS
        (pool,) = [entry.engine.pool for entry in store._engines.values()]
        async with asyncio.timeout(10):
            while pool.checkedout():
                await asyncio.sleep(0.01)


async def test_closing_waits_for_a_cancelled_statement(store):
    task = asyncio.create_task(store.put("given-up", "last", b"v", 60))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.close()
    assert await store.take("given-up", "last") == b"v"


async def test_closing_reaches_the_connections_of_other_running_loops(postgres_url):
    store = SqlStore(postgres_url)
    await store.open()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(store.purge(), loop).result(10)
        await store.purge()
        await store.close()
        with psycopg.connect(postgres_url) as connection:
            others = (
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state IS NOT NULL"
            )
            deadline = time.monotonic() + 5
            while (left := connection.execute(others).fetchone()[0]) and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
                connection.rollback()
        assert left == 0
        assert asyncio.run_coroutine_threadsafe(store.purge(), loop).result(10) == 0
        await store.close()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def test_closing_does_not_wait_for_a_blocked_loop(store):
    """A call of the synchronous API in an event loop blocks that loop until it is done."""
    loop, held, let_go = asyncio.new_event_loop(), threading.Event(), threading.Event()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def hold() -> None:
        held.set()
        let_go.wait(30)

    try:
        asyncio.run_coroutine_threadsafe(store.put("held", "k", b"v", 60), loop).result(10)
        loop.call_soon_threadsafe(hold)
        assert await asyncio.to_thread(held.wait, 10)
        begun = time.monotonic()
        await store.close()
        assert time.monotonic() - begun < database.POOL_WAIT_SECONDS / 2
        let_go.set()
        assert asyncio.run_coroutine_threadsafe(store.take("held", "k"), loop).result(10) == b"v"
        await store.close()
    finally:
        let_go.set()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def test_old_logs_are_purged_in_portions(store, monkeypatch):
    """A single statement for a year of logs would block others, or reach its timeout and never finish."""
    monkeypatch.setattr(database, "ROWS_AT_ONCE", 10)
    await store.purge_logs(NOW + timedelta(days=1))
    await store.add_logs([a_log(started_at=NOW - timedelta(days=1)) for _ in range(35)] + [a_log()])
    changed, execute = [], store.execute

    async def counted(statement):
        done = await execute(statement)
        changed.append(done.changed)
        return done

    monkeypatch.setattr(store, "execute", counted)
    assert await store.purge_logs(NOW) == 35
    assert changed == [10, 10, 10, 5]
    assert await store.purge_logs(NOW + timedelta(days=1)) == 1


async def test_each_write_removes_a_portion_of_the_expired_values(store, monkeypatch):
    for module in (database, short_lived):
        monkeypatch.setattr(module, "ROWS_AT_ONCE", 10)
    await store.execute(text("DELETE FROM plugfn_short_lived"))
    for number in range(25):
        await store.put("old", str(number), b"v", -1)
    with time_machine.travel(time.time() + SWEEP_EVERY + 1):
        for number in range(3):
            await store.put("new", str(number), b"v", 60)
        assert await store.purge() == 0
        assert await store.peek("new", "0") == b"v"


async def test_simultaneous_purges_do_not_block_each_other(store, monkeypatch):
    monkeypatch.setattr(database, "ROWS_AT_ONCE", 20)
    await store.add_logs([a_log(started_at=NOW - timedelta(days=1)) for _ in range(300)])
    assert sum(await asyncio.gather(*(store.purge_logs(NOW) for _ in range(4)))) == 300


async def test_a_number_that_is_too_large_is_an_invalid_call(store):
    for limit in (2**63, 10**30):
        with pytest.raises(InvalidCall):
            await store.logs(limit=limit)
