"""The actions on a Supabase project's database. All of them only read."""

from plugfn.database.query import Query
from plugfn.database.rows import Access, NoParams, Rows, Tables
from plugfn.definition import Call
from plugfn.errors import InvalidCall
from plugfn.providers.database_supabase.client import get_table, rows_of, rows_that_fit, total_of
from plugfn.providers.database_supabase.compile import compile_query
from plugfn.providers.database_supabase.credentials import SupabaseAccess
from plugfn.providers.database_supabase.definition import provider
from plugfn.providers.database_supabase.inspect_key import inspect_access, tables_of

OFFSET_BEYOND_THE_END = "PGRST103"


@provider.action("query.run", summary="Reads rows of one table: columns, filters, order, limit.", safe=True)
async def run_query(call: Call[SupabaseAccess], params: Query) -> Rows:
    """Raises Forbidden for a table that the connection does not allow, before it sends anything."""
    table = call.credentials.table(params.table)
    most = params.rows_within(call.credentials.max_rows)
    try:
        answer = await get_table(call, table, compile_query(params, most + 1), count=params.count)
    except InvalidCall as error:
        if error.code != OFFSET_BEYOND_THE_END:
            raise
        answer = await get_table(
            call, table, compile_query(params.model_copy(update={"offset": 0}), 0), count=params.count
        )
    received = rows_of(answer)
    rows = rows_that_fit(received[:most])
    # The project silently cuts answers at its own "Max rows": an answer with that many rows may be incomplete.
    truncated = len(rows) < len(received) or len(received) >= call.credentials.server_max_rows
    columns = params.columns or (list(rows[0]) if rows else [])
    return Rows(columns=columns, rows=rows, truncated=truncated, count=total_of(answer) if params.count else None)


@provider.action("tables.list", summary="Lists the allowed tables that exist, with their columns.", safe=True)
async def list_tables(call: Call[SupabaseAccess], _params: NoParams) -> Tables:
    """Columns are only listed if the project's API describes itself to this key."""
    return Tables(tables=await tables_of(call))


@provider.action("access.check", summary="Says what the connection's key may do besides reading.", safe=True)
async def check_access(call: Call[SupabaseAccess], _params: NoParams) -> Access:
    """The result of the connection's test, as data."""
    return await inspect_access(call)
