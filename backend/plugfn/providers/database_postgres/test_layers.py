"""Each layer of protection is tested alone, without the layers before it."""

import asyncio
import time

import psycopg
import pytest
from psycopg import sql

from plugfn.errors import InvalidCall
from plugfn.net.guard import Guard
from plugfn.providers.database_postgres import provider
from plugfn.providers.database_postgres.compile import Compiled
from plugfn.providers.database_postgres.connect import connect
from plugfn.providers.database_postgres.credentials import PostgresAccess
from plugfn.providers.database_postgres.fetch import fetch
from plugfn.providers.database_postgres.session import execute, read_in_session, read_only
from plugfn.testing.bench import Bench

LOOPBACK = Guard(["127.0.0.0/8"])


@pytest.fixture
async def writer(credentials):
    """A connection as the writer, without a transaction and without any layer."""
    async with connect(PostgresAccess(**credentials("writer")), LOOPBACK) as connection:
        yield connection


class Caller:
    """The parts of a call that `read_in_session` uses."""

    def __init__(self, credentials):
        self.credentials, self.guard = credentials, LOOPBACK


# 1: the role


@pytest.mark.parametrize(
    "statement",
    [
        "delete from vendas",
        "select * from segredos",
        "create table public.x (a int)",
        "select pg_read_file('/etc/passwd')",
    ],
)
async def test_the_role_alone_prevents_writing_and_reading_other_tables(credentials, statement):
    async with connect(PostgresAccess(**credentials("reader")), LOOPBACK) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await execute(connection, statement)


# 2: the extended protocol


@pytest.mark.parametrize("query", ["select 1; delete from vendas", "select 1; select 2", "commit; delete from vendas"])
async def test_the_extended_protocol_alone_refuses_a_second_statement(writer, query):
    with pytest.raises(psycopg.errors.SyntaxError, match="multiple commands"):
        await execute(writer, query)
    with pytest.raises(psycopg.errors.SyntaxError, match="multiple commands"):
        await execute(writer, query.replace("1", "%s"), *(["1"] if "1" in query else []))


async def test_the_simple_protocol_would_accept_a_second_statement(writer):
    await writer.execute("select 1; select 2")


# 3: the transaction


@pytest.mark.parametrize(
    "statement",
    [
        "delete from vendas",
        "insert into vendas (id) values (99)",
        "create table public.x (a int)",
        "set transaction read write",
        "set local transaction_read_only = off",
        "select set_config('transaction_read_only', 'off', true)",
        "select set_config('transaction_read_only', 'off', false)",
        "with x as (delete from vendas returning *) select * from x",
        "select * from vendas for update",
    ],
)
async def test_the_transaction_alone_stays_read_only(writer, statement, world_as_it_is):
    before = world_as_it_is()
    async with writer.transaction(force_rollback=True):
        pass
    with pytest.raises((psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.ActiveSqlTransaction)) as caught:
        async with read_only(writer, 5):
            await execute(writer, statement)
    assert caught.value.sqlstate in {"25006", "25001", "22023"}
    await writer.rollback()
    assert world_as_it_is() == before


async def test_a_transaction_before_its_first_query_could_become_writable(writer):
    await execute(writer, "begin read only")
    await execute(writer, "set transaction read write")
    await execute(writer, "delete from vendas where id = -1")
    await execute(writer, "rollback")


async def test_the_servers_own_timeout_ends_a_query(writer):
    with pytest.raises(psycopg.errors.QueryCanceled):
        async with read_only(writer, 0.2):
            await execute(writer, "select pg_sleep(20)")
    await writer.rollback()


# 4, the guard, is tested in test_sql.py and plugfn/database/test_sql_guard.py
# 5: the wrapping


@pytest.mark.parametrize(
    "statement",
    [
        "delete from vendas returning id",
        "with x as (delete from vendas returning *) select * from x",
        "select 1 as a into x",
        "vacuum",
        "commit",
        "select 1) as plugfn limit 0; delete from vendas --",
    ],
)
async def test_the_wrapping_alone_accepts_only_a_query(writer, statement, world_as_it_is):
    before = world_as_it_is()
    with pytest.raises(psycopg.errors.Error) as caught:
        await fetch(writer, Compiled(sql.SQL(statement)), 10)
    assert caught.value.sqlstate in {"42601", "0A000"}
    assert world_as_it_is() == before


async def test_the_wrapping_limits_rows(writer):
    result = await fetch(writer, Compiled(sql.SQL("select n from generate_series(1, 100000) n")), 10)
    assert (len(result.rows), result.truncated) == (10, True)


async def test_the_server_limits_bytes_and_the_rows_that_fit_are_returned(writer):
    query = Compiled(sql.SQL("select repeat('x', n * 100) as t from generate_series(1, 50) n"))
    result = await fetch(writer, query, 50, most_bytes=3000)
    assert [len(row["t"]) for row in result.rows] == [100, 200, 300, 400, 500, 600, 700]
    assert result.truncated


async def test_a_value_that_is_too_big_is_not_sent_over_the_network(writer):
    with pytest.raises(InvalidCall) as caught:
        await fetch(writer, Compiled(sql.SQL("select repeat('x', 5000000) as t")), 10)
    assert caught.value.code == "row_too_big"


# 6: the kill timer


async def sessions_of(postgres_url, user):
    owner = psycopg.conninfo.make_conninfo(postgres_url, user="postgres")
    async with await psycopg.AsyncConnection.connect(owner) as connection:
        cursor = await connection.execute("select count(*) from pg_stat_activity where usename = %s", [user])
        return (await cursor.fetchone())[0]


async def gone(postgres_url, user):
    for _ in range(50):
        if await sessions_of(postgres_url, user) == 0:
            return True
        await asyncio.sleep(0.1)
    return False


@pytest.mark.parametrize("sleeps", ["pg_sleep(60)", "resist()"])
async def test_a_query_that_changes_its_timeout_is_ended_from_outside(credentials, postgres_url, monkeypatch, sleeps):
    monkeypatch.setattr("plugfn.providers.database_postgres.session.CANCEL_SECONDS", 0.4)
    typed = PostgresAccess(**credentials("writer", timeout=1))
    started = time.monotonic()
    with pytest.raises(InvalidCall) as caught:
        await read_in_session(
            Caller(typed),
            lambda connection: execute(connection, f"select set_config('statement_timeout', '0', false), {sleeps}"),
        )
    assert caught.value.code == "57014"
    assert time.monotonic() - started < 4
    assert await gone(postgres_url, typed.user)


async def test_a_cancelled_call_leaves_no_query_running(credentials, postgres_url):
    typed = PostgresAccess(**credentials("writer", timeout=15))
    call = asyncio.create_task(
        read_in_session(Caller(typed), lambda connection: execute(connection, "select pg_sleep(60)"))
    )
    await asyncio.sleep(0.4)
    assert await sessions_of(postgres_url, typed.user) == 1
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await gone(postgres_url, typed.user)


async def test_a_slow_query_times_out_and_is_not_retried(credentials):
    async with Bench(provider, credentials=credentials("writer", allow_sql=True, timeout=1)) as bench:
        slow = "select count(*) as n from " + ", ".join(f"vendas v{number}" for number in range(24))
        with pytest.raises(InvalidCall) as caught:
            await bench.call("query.sql", {"sql": slow})
        assert caught.value.code == "57014"
        assert len(await bench.logs()) == 1
