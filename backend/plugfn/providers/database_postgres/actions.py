"""What can be done with a PostgreSQL database: everything here only reads."""

from typing import Annotated

from psycopg import sql
from pydantic import Field, StringConstraints

from plugfn.database.query import MOST_ROWS, Query
from plugfn.database.rows import Access, NoParams, Rows, Tables
from plugfn.database.sql_guard import LONGEST_SQL, checked_select
from plugfn.definition import Call, Model
from plugfn.errors import Forbidden
from plugfn.providers.database_postgres.compile import Compiled, compiled, counted
from plugfn.providers.database_postgres.connect import Connection
from plugfn.providers.database_postgres.credentials import PostgresAccess
from plugfn.providers.database_postgres.definition import provider
from plugfn.providers.database_postgres.fetch import fetch
from plugfn.providers.database_postgres.inspect_role import CATALOGUE, inspect_access, tables_of
from plugfn.providers.database_postgres.session import ask, reading

LONGEST = 45.0
"""Seconds: the longest timeout of a connection, connecting to it, and ending a query that resists."""


class Sql(Model):
    """One SELECT over allowed tables, in PostgreSQL's SQL."""

    sql: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_SQL)]
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] | None = None
    """At most so many rows; the connection's max_rows when not given."""


@provider.action(
    "query.run", summary="Reads rows of one table: columns, filters, order, limit.", safe=True, timeout=LONGEST
)
async def run_query(call: Call[PostgresAccess], params: Query) -> Rows:
    """Raises Forbidden for a table that the connection does not allow, before anything is connected to."""
    table = call.credentials.table(params.table)

    async def look(connection: Connection) -> Rows:
        rows = await fetch(connection, compiled(params, table), params.rows_within(call.credentials.max_rows))
        if params.count:
            question = counted(params, table)
            answer = await (await ask(connection, question.text, *question.values)).fetchone()
            rows.count = int(str(answer[0])) if answer else None
        return rows

    return await reading(call, look)


@provider.action(
    "query.sql",
    summary="Runs one SELECT over allowed tables, where the connection allows it.",
    safe=True,
    timeout=LONGEST,
)
async def run_sql(call: Call[PostgresAccess], params: Sql) -> Rows:
    """Raises Forbidden unless the connection allows free SQL and the statement is a plain SELECT of allowed tables."""
    if not call.credentials.allow_sql:
        raise Forbidden("this connection does not allow SQL written by callers", code="sql_not_allowed")
    select = checked_select(params.sql, call.credentials.allowed_tables)
    query = Compiled(sql.SQL(select.replace("%", "%%")))
    most = min(params.limit or MOST_ROWS, call.credentials.max_rows)
    return await reading(call, lambda connection: fetch(connection, query, most), CATALOGUE)


@provider.action(
    "tables.list", summary="Lists the allowed tables that exist, with their columns.", safe=True, timeout=LONGEST
)
async def list_tables(call: Call[PostgresAccess], _params: NoParams) -> Tables:
    """Allowed tables that are missing or may not be read by the role are left out."""
    return Tables(tables=await tables_of(call))


@provider.action(
    "access.check", summary="Says what the connection's role could do beyond reading.", safe=True, timeout=LONGEST
)
async def check_access(call: Call[PostgresAccess], _params: NoParams) -> Access:
    """The same look as the connection's test, as data."""
    return await inspect_access(call)
