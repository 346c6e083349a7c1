"""Tests of the revisions: they create the models' tables, once, and keep the data."""

import asyncio
import multiprocessing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from plugfn.errors import ConfigurationError, Unavailable
from plugfn.storage.sql import SqlStore
from plugfn.storage.sql import upgrade as upgrading
from plugfn.storage.sql.address import address
from plugfn.storage.sql.tables import metadata
from plugfn.storage.sql.upgrade import upgrade
from plugfn.testing.store_contract import NOW, a_connection, a_log, a_run, a_workflow

PROCESSES = 10


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path):
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
        return
    url = request.getfixturevalue("postgres_url")
    schema = f"s{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        yield f"{url} options=-csearch_path={schema}"
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


def test_the_revisions_create_the_tables_of_the_models(fresh_url):
    upgrade(address(fresh_url))
    url = address(fresh_url)
    engine = create_engine(url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "plugfn_revision"})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_an_upgrade_from_the_first_revision_keeps_the_data(fresh_url):
    upgrade(address(fresh_url), "0001")
    store = SqlStore(fresh_url)
    store._opened = True  # otherwise it would upgrade itself to the newest revision
    connection, workflow, log = a_connection(scopes=("a",), expires_at=NOW), a_workflow(), a_log()
    run = a_run(workflow)
    await store.add_connection(connection, b"sealed")
    await store.add_workflow(workflow)
    await store.add_run(run)
    await store.add_logs([log])
    await store.put("state", "s", b"v", 60)
    await store.close()
    store = SqlStore(fresh_url)
    assert await store.with_credentials(connection.id) == (connection, b"sealed")
    assert (await store.workflow(workflow.id), await store.run(run.id)) == (workflow, run)
    assert await store.logs() == [log]
    assert await store.take("state", "s") == b"v"
    await store.close()


def test_processes_that_start_together_upgrade_once(fresh_url):
    forked = multiprocessing.get_context("fork")
    ready = forked.Barrier(PROCESSES)
    started = [forked.Process(target=_upgrade_together, args=(fresh_url, ready)) for _ in range(PROCESSES)]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
    assert [process.exitcode for process in started] == [0] * PROCESSES
    test_the_revisions_create_the_tables_of_the_models(fresh_url)


def test_an_upgrade_that_waits_too_long_for_another_fails(postgres_url, monkeypatch):
    monkeypatch.setattr(upgrading, "PATIENCE_SECONDS", 1.0)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [upgrading.ADVISORY_LOCK])
        with pytest.raises(Unavailable):
            upgrade(address(postgres_url))


def _upgrade_together(url, ready) -> None:
    ready.wait(30)
    upgrade(address(url))


@pytest.fixture
def weak_url(postgres_url):
    """A schema, and a role that may read and write its tables but not create any."""
    name = f"weak{uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        yield name, f"{postgres_url} options=-csearch_path={name}"
        connection.execute(f"DROP SCHEMA {name} CASCADE")


async def test_a_role_that_may_not_create_tables_gets_a_clear_error(weak_url, monkeypatch):
    name, url = weak_url

    def as_a_weak_role(connection, revision):
        connection.exec_driver_sql("SET LOCAL default_transaction_read_only = off")
        connection.exec_driver_sql(f"SET LOCAL search_path = pg_catalog, {name}")
        run(connection, revision)

    run = upgrading._run
    monkeypatch.setattr(upgrading, "_run", as_a_weak_role)
    with pytest.raises(ConfigurationError, match="role"):
        await SqlStore(url).open()


async def test_a_database_of_a_newer_release_gives_a_clear_error(fresh_url):
    store = SqlStore(fresh_url)
    await store.open()
    await store.execute(text("UPDATE plugfn_revision SET version_num = '9999'"))
    await store.close()
    with pytest.raises(ConfigurationError, match="release"):
        await SqlStore(fresh_url).open()


async def test_an_unopened_store_opens_itself_once(fresh_url, monkeypatch):
    done = []
    monkeypatch.setattr("plugfn.storage.sql.store.upgrade", lambda url: (done.append(url), upgrade(url)))
    store = SqlStore(fresh_url)
    await asyncio.gather(*(store.put("state", str(number), b"v", 60) for number in range(20)))
    assert await store.take("state", "7") == b"v"
    assert len(done) == 1
    await store.close()


async def test_a_silent_server_does_not_block_the_start(monkeypatch):
    monkeypatch.setattr(upgrading, "CONNECT_SECONDS", 2)
    silent = await asyncio.start_server(lambda _reader, _writer: asyncio.sleep(30), "127.0.0.1", 0)
    store = SqlStore(f"postgresql://user:hunter2@127.0.0.1:{silent.sockets[0].getsockname()[1]}/db")
    async with asyncio.timeout(10):
        with pytest.raises(Unavailable):
            await store.open()
    silent.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////no-such-folder/plugfn.db", r"unable to open database file.*folder"),
        ("postgresql://user:a-secret@127.0.0.1:1/name", "check that its server runs"),
    ],
)
async def test_a_database_that_cannot_be_opened_says_what_to_check(url, said):
    with pytest.raises(Unavailable, match=said) as caught:
        await SqlStore(url).open()
    assert "a-secret" not in str(caught.value)
