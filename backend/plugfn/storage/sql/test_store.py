"""The SQL store against the contract, on a SQLite file and on a real PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from plugfn.storage.sql import SqlStore
from plugfn.storage.sql.tables import metadata
from plugfn.testing.store_contract import StoreContract


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sqlite") / "plugfn é.db"


class TestOnSqlite(StoreContract):
    @pytest.fixture
    async def store(self, path: Path) -> AsyncIterator[SqlStore]:
        store = SqlStore(f"sqlite:///{path}")
        await store.open()
        yield store
        await empty(store)


class TestOnPostgres(StoreContract):
    @pytest.fixture
    async def store(self, postgres_url: str) -> AsyncIterator[SqlStore]:
        store = SqlStore(postgres_url)
        await store.open()
        yield store
        await empty(store)


async def empty(store: SqlStore) -> None:
    for table in reversed(metadata.sorted_tables):
        await store.execute(text(f"DELETE FROM {table.name}"))
    await store.close()
