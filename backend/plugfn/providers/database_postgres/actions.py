"""The actions on a PostgreSQL database. All of them only read."""

import asyncio
from typing import Annotated

from pydantic import Field, StringConstraints

from plugfn.database.query import MOST_ROWS, MOST_VALUES, Query, Scalar
from plugfn.database.rows import Access, NoParams, Rows, Tables
from plugfn.database.sql_guard import LONGEST_SQL, checked_select
from plugfn.definition import Call, Model
from plugfn.errors import Forbidden
from plugfn.providers.database_postgres.compile import compile_count, compile_query, compile_sql
from plugfn.providers.database_postgres.connect import Connection
from plugfn.providers.database_postgres.credentials import PostgresAccess
from plugfn.providers.database_postgres.definition import provider
from plugfn.providers.database_postgres.fetch import fetch
from plugfn.providers.database_postgres.inspect_role import CATALOGUE, inspect_access, tables_of
from plugfn.providers.database_postgres.session import execute, read_in_session

LONGEST = 45.0
"""Seconds for one call: connecting, a connection's longest timeout, and ending a query that does not stop."""


class Sql(Model):
    """One SELECT over allowed tables, in PostgreSQL's SQL dialect, with `$1`, `$2` … where values belong."""

    sql: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_SQL)] = Field(
        json_schema_extra={"no_placeholders": "write $1, $2 … there, and the placeholders into `values`"}
    )
    values: list[Scalar] = Field(default=[], max_length=MOST_VALUES)
    """The values of `$1`, `$2` … in this order. The server reads each one as the type that its place needs."""
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] | None = None
    """The most rows to return. Default: the connection's max_rows."""


@provider.action(
    "query.run", summary="Reads rows of one table: columns, filters, order, limit.", safe=True, timeout=LONGEST
)
async def run_query(call: Call[PostgresAccess], params: Query) -> Rows:
    """Raises Forbidden for a table that the connection does not allow, before it connects."""
    table = call.credentials.table(params.table)

    async def read(connection: Connection) -> Rows:
        rows = await fetch(connection, compile_query(params, table), params.rows_within(call.credentials.max_rows))
        if params.count:
            query = compile_count(params, table)
            row = await (await execute(connection, query.text, *query.values)).fetchone()
            rows.count = int(str(row[0])) if row else None
        return rows

    return await read_in_session(call, read)


@provider.action(
    "query.sql",
    summary="Runs one SELECT over allowed tables, if the connection allows free SQL.",
    safe=True,
    timeout=LONGEST,
)
async def run_sql(call: Call[PostgresAccess], params: Sql) -> Rows:
    """Raises Forbidden unless the connection allows free SQL and the SQL is a plain SELECT over allowed tables."""
    if not call.credentials.allow_sql:
        raise Forbidden("this connection does not allow free SQL: use query.run", code="sql_not_allowed")
    # In a thread, so that the event loop does other work meanwhile.
    select = await asyncio.to_thread(checked_select, params.sql, call.credentials.allowed_tables)
    query = compile_sql(select, params.values)
    most = min(params.limit or MOST_ROWS, call.credentials.max_rows)
    return await read_in_session(call, lambda connection: fetch(connection, query, most), CATALOGUE)


@provider.action(
    "tables.list", summary="Lists the allowed tables that exist, with their columns.", safe=True, timeout=LONGEST
)
async def list_tables(call: Call[PostgresAccess], _params: NoParams) -> Tables:
    """Leaves out allowed tables that do not exist or that the role may not read."""
    return Tables(tables=await tables_of(call))


@provider.action(
    "access.check", summary="Says what the connection's role may do besides reading.", safe=True, timeout=LONGEST
)
async def check_access(call: Call[PostgresAccess], _params: NoParams) -> Access:
    """The result of the connection's test, as data."""
    return await inspect_access(call)
