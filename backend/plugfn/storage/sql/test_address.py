"""Tests of database addresses."""

import pytest
from psycopg.conninfo import make_conninfo

from plugfn.errors import ConfigurationError
from plugfn.storage.sql import SqlStore
from plugfn.storage.sql.address import address


@pytest.mark.parametrize(
    ("given", "driver", "database"),
    [
        ("postgresql://u:p@host/db", "postgresql+psycopg", "db"),
        ("postgres://u:p@host/db", "postgresql+psycopg", "db"),
        ("postgresql+psycopg://u:p@host/db", "postgresql+psycopg", "db"),
        ("sqlite:///here.db", "sqlite+aiosqlite", "here.db"),
        ("sqlite+aiosqlite:////there/here.db", "sqlite+aiosqlite", "/there/here.db"),
    ],
)
def test_urls_get_our_driver(given, driver, database):
    read = address(given)
    assert (read.drivername, read.database) == (driver, database)


def test_a_libpq_connection_string_is_accepted():
    read = address("user=me host=/run/pg dbname=x")
    assert read.translate_connect_args() == {}
    assert dict(read.query) == {"user": "me", "host": "/run/pg", "dbname": "x"}


def test_a_value_of_a_connection_string_may_be_quoted():
    parts = {"host": "/my data/it's", "password": "back\\slash", "dbname": "x"}
    assert dict(address(make_conninfo(**parts)).query) == parts


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nonsense",
        "host=a hunter2",
        "host='hunter2",
        "mysql://u:hunter2@h/d",
        "postgresql+asyncpg://u:hunter2@h/d",
        "postgresql://u:hunter2@h:port/d",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite+aiosqlite:///file::memory:?uri=true",
    ],
)
def test_an_unusable_url_is_refused_and_not_shown(given):
    with pytest.raises(ConfigurationError) as caught:
        SqlStore(given)
    assert "hunter2" not in str(caught.value)


def test_a_store_does_not_show_its_password():
    assert "hunter2" not in repr(SqlStore("postgresql://u:hunter2@h/d"))
