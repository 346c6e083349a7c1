"""Tools that read the client's own database: a structured query of tables that the client allowed, and no SQL."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from apps.agents.caller import Caller
from apps.agents.contract import Answer, Arguments, tool
from apps.integrations.models import Integration
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from apps.integrations.tools.shared import OfIntegration, explained, integration_of, limit
from plugfn.calls.results import json_of

DATABASES = ("database_supabase", "database_postgres")
MOST_ROWS = 200


class Filter(Arguments):
    """A condition on one column."""

    column: Annotated[str, Field(max_length=63, description="A column of the table.")]
    op: Annotated[
        Literal["eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "in", "is_null"],
        Field(description="How to compare. `in` takes a list, `is_null` true or false."),
    ] = "eq"
    value: Annotated[Any, Field(description="What to compare with; dates as ISO text.")]


class Order(Arguments):
    """A column to sort by."""

    column: Annotated[str, Field(max_length=63, description="A column of the table.")]
    desc: Annotated[bool, Field(description="The largest first.")] = False


class DatabaseQuery(OfIntegration):
    """What to read from one table."""

    table: Annotated[str, Field(max_length=130, description="One of the tables of `list_database_tables`.")]
    columns: Annotated[
        list[str] | None, Field(max_length=50, description="Only these columns; without it all of them.")
    ] = None
    filters: Annotated[list[Filter], Field(max_length=20, description="All of them must hold.")] = []
    order: Annotated[list[Order], Field(max_length=5, description="How to sort.")] = []
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS, description="The most rows to return.")] = 50


@tool(title="Tables of the client's database", calls_out=True)
def list_database_tables(caller: Caller, asked: OfIntegration) -> Answer:
    """The tables of the client's own database that may be read, with their columns where the database tells them."""
    integration = integration_of(caller, asked.integration_id, *DATABASES)
    limit(integration, "list_database_tables")
    tables = _run(integration, "tables.list", {})["tables"]
    return Answer({"tables": tables}, rows=len(tables))


@tool(title="Read the client's database", calls_out=True)
def query_database(caller: Caller, asked: DatabaseQuery) -> Answer:
    """Read rows of one allowed table of the client's own database: columns, filters, order, limit. It never writes."""
    integration = integration_of(caller, asked.integration_id, *DATABASES)
    limit(integration, "query_database")
    params = asked.model_dump(exclude={"integration_id"}, exclude_none=True)
    found = _run(integration, "query.run", params)
    cut = f"only the first {asked.limit} rows; ask for less, or filter" if found.get("truncated") else ""
    return Answer({"columns": found["columns"], "rows": found["rows"]}, rows=len(found["rows"]), cut=cut)


def _run(integration: Integration, action: str, params: dict[str, Any]) -> dict[str, Any]:
    with explained(), acting_for(integration.client_id):
        result = plug().run(
            f"{integration.provider}.{action}",
            user_id=str(integration.client_id),
            connection_id=integration.pk.hex,
            params=params,
        )
    document: dict[str, Any] = json.loads(json_of(result))
    return document
