"""The SQL of README.md creates a role that gives no warnings."""

import re
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from plugfn.providers.database_postgres import provider
from plugfn.testing.bench import Bench

README = Path(__file__).with_name("README.md").read_text(encoding="utf-8")


@pytest.fixture
def reader(postgres_url, roles):
    """The README's role, under a name of its own for this run."""
    (recipe,) = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    name = roles["reader"].replace("reader", "readme")
    superuser = make_conninfo(postgres_url, user="postgres")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("create table orders (id int primary key, total numeric)")
        connection.execute("insert into orders values (1, 10.50)")
        connection.execute(recipe.replace("plugfn_reader", name))
    yield name
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(f'drop table orders; drop owned by "{name}"; drop role "{name}"')


async def test_the_readmes_role_reads_and_gives_no_warnings(reader, credentials):
    typed = credentials() | {"user": reader, "allowed_tables": ["orders"]}
    async with Bench(provider, credentials=typed) as bench:
        assert (await bench.call("access.check")).warnings == []
        assert (await bench.call("query.run", {"table": "orders"})).rows == [{"id": 1, "total": "10.50"}]
