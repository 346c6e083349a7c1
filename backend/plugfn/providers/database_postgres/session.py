"""A read-only session for one query: nothing in it can write, and its duration is limited."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import psycopg
from psycopg import sql

from plugfn.definition import Call
from plugfn.errors import PlugFnError, Unexpected
from plugfn.providers.database_postgres.connect import Connection, connect
from plugfn.providers.database_postgres.credentials import PostgresAccess

T = TypeVar("T")
Cursor = psycopg.AsyncCursor[tuple[object, ...]]

log = logging.getLogger("plugfn")

AFTER_SERVER_TIMEOUT = 0.5
"""Seconds after the server's own timeout until we end the query."""
CANCEL_SECONDS = 2.0
"""Seconds from cancelling a query until we end its session."""

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""Errors that an unreadable answer causes: not PostgreSQL's format, an invalid encoding, or too deep nesting."""

# This statement applies the settings, and it is also a query: after its first query, a transaction can no longer become
# READ WRITE. The join leaves out settings that an older server does not know.
_SETTINGS = """
select count(set_config(known.name, wanted.value, true))
from unnest(%s::text[], %s::text[]) as wanted (name, value)
join pg_catalog.pg_settings known on known.name = wanted.name
"""


@asynccontextmanager
async def read_only(connection: Connection, seconds: float, search_path: str | None = None) -> AsyncIterator[None]:
    """A READ ONLY transaction that can no longer become READ WRITE, and that is rolled back at the end.

    `search_path`: where names without a schema are looked up; None keeps the role's own."""
    settings = {
        "statement_timeout": f"{int(seconds * 1000)}ms",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "10s",
        "client_connection_check_interval": "1s",
        "standard_conforming_strings": "on",
        "TimeZone": "UTC",
        "DateStyle": "ISO, YMD",
        "IntervalStyle": "iso_8601",
        "bytea_output": "hex",
        "extra_float_digits": "1",
    }
    if search_path is not None:
        settings["search_path"] = search_path
    await execute(connection, "begin read only")
    await execute(connection, _SETTINGS, list(settings), list(settings.values()))
    yield
    await execute(connection, "rollback")


async def execute(connection: Connection, query: str | sql.SQL | sql.Composed, *values: object) -> Cursor:
    """Runs one statement by the extended protocol, which refuses a second one; binary results require that protocol.

    Statements are not prepared under a name, so that a connection pooler may stand before the server."""
    return await connection.cursor().execute(query, values, binary=True)


async def read_in_session(
    call: Call[PostgresAccess], work: Callable[[Connection], Awaitable[T]], search_path: str | None = None
) -> T:
    """The result of `work`, run in its own session within the connection's timeout. Raises translated errors."""
    seconds = float(call.credentials.timeout)

    async def all_of_it(connection: Connection) -> T:
        async with read_only(connection, seconds, search_path):
            return await work(connection)

    async with connect(call.credentials, call.guard) as connection:
        try:
            return await run_with_timeout(all_of_it(connection), seconds + AFTER_SERVER_TIMEOUT, connection, call)
        except UNREADABLE:
            # `from None`, because such an error may quote rows.
            raise Unexpected("the database's answer cannot be read", code="unreadable_answer") from None


async def run_with_timeout(work: Awaitable[T], seconds: float, connection: Connection, call: Call[PostgresAccess]) -> T:
    """The result of `work`. Its query is ended from outside after `seconds`, even if it changed its own timeout."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            return task.result()
        await _end_query(task, connection, call)
        raise psycopg.errors.QueryCanceled
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_SECONDS)
        if task.done() and not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it: the caller gets QueryCanceled


async def _end_query(task: "asyncio.Future[T]", connection: Connection, call: Call[PostgresAccess]) -> None:
    """Cancels the query; if it does not stop, ends its session from a second one."""
    await _attempt(connection.cancel_safe(timeout=CANCEL_SECONDS))
    await asyncio.wait({task}, timeout=CANCEL_SECONDS)
    if not task.done():
        await _attempt(_terminate(connection.info.backend_pid, call))
        await asyncio.wait({task}, timeout=CANCEL_SECONDS)


async def _terminate(pid: int, call: Call[PostgresAccess]) -> None:
    async with connect(call.credentials, call.guard) as second:
        await execute(second, "select pg_catalog.pg_terminate_backend(%s)", pid)


async def _attempt(effort: Awaitable[None]) -> None:
    try:
        await asyncio.wait_for(effort, CANCEL_SECONDS + 1)
    except (psycopg.Error, PlugFnError, TimeoutError) as error:
        log.warning("could not end a query at the server: %s", type(error).__name__)
