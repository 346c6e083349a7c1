"""What can be done with a Supabase project's database: everything here only reads."""

from plugfn.database.query import Query
from plugfn.database.rows import Access, NoParams, Rows, Tables
from plugfn.definition import Call
from plugfn.errors import InvalidCall
from plugfn.providers.database_supabase.client import fitting, get_table, rows_of, total_of
from plugfn.providers.database_supabase.compile import compiled
from plugfn.providers.database_supabase.credentials import SupabaseAccess
from plugfn.providers.database_supabase.definition import provider
from plugfn.providers.database_supabase.inspect_key import inspect_access, tables_of

OFFSET_BEYOND_THE_END = "PGRST103"


@provider.action("query.run", summary="Reads rows of one table: columns, filters, order, limit.", safe=True)
async def run_query(call: Call[SupabaseAccess], params: Query) -> Rows:
    """Raises Forbidden for a table that the connection does not allow, before anything is sent."""
    table = call.credentials.table(params.table)
    most = params.rows_within(call.credentials.max_rows)
    try:
        answer = await get_table(call, table, compiled(params, most + 1), count=params.count)
    except InvalidCall as error:
        if error.code != OFFSET_BEYOND_THE_END:
            raise
        answer = await get_table(call, table, compiled(params.model_copy(update={"offset": 0}), 0), count=params.count)
    found = rows_of(answer)
    rows = fitting(found[:most])
    # The project cuts at its own "Max rows" without a word: so many rows as that may be all, or not.
    truncated = len(rows) < len(found) or len(found) >= call.credentials.server_max_rows
    columns = params.columns or (list(rows[0]) if rows else [])
    return Rows(columns=columns, rows=rows, truncated=truncated, count=total_of(answer) if params.count else None)


@provider.action("tables.list", summary="Lists the allowed tables that exist, with their columns.", safe=True)
async def list_tables(call: Call[SupabaseAccess], _params: NoParams) -> Tables:
    """Columns are told only where the project's API describes itself to this key."""
    return Tables(tables=await tables_of(call))


@provider.action("access.check", summary="Says what the connection's key could do beyond reading.", safe=True)
async def check_access(call: Call[SupabaseAccess], _params: NoParams) -> Access:
    """The same look as the connection's test, as data."""
    return await inspect_access(call)
