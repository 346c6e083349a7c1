"""Finds out which allowed tables a key can read, and warns if it may do more."""

import asyncio
from contextlib import suppress
from typing import Any

from plugfn.database.names import DEFAULT_SCHEMA, TableRef
from plugfn.database.rows import Access, Column, Table
from plugfn.definition import Call
from plugfn.errors import Forbidden, NotFound
from plugfn.net.url import read_url
from plugfn.providers.database_supabase.client import ROOT, get_table
from plugfn.providers.database_supabase.credentials import SupabaseAccess

AT_ONCE = 5

_WARNINGS = {
    "secret": "The key is a secret key: it bypasses row level security and may write to every table.",
    "service_role": "The key is the service_role key: it bypasses row level security and may write to every table.",
    "other": "PlugFn does not know this kind of key, so it cannot say what the key may do.",
}
_DEPRECATED = "The key is of the older kind (JWT), which Supabase is phasing out: replace it."


async def tables_of(call: Call[SupabaseAccess]) -> list[Table]:
    """The allowed tables that the key can read, with their columns if the project's API lists them."""
    wanted = call.credentials.tables()
    described = await _described(call) if any(table.schema == DEFAULT_SCHEMA for table in wanted) else {}
    undescribed = [table for table in wanted if str(table) not in described]
    reached = set(await _readable(call, undescribed))
    return [
        Table(name=str(table), columns=described.get(str(table), []))
        for table in wanted
        if str(table) in described or table in reached
    ]


async def inspect_access(call: Call[SupabaseAccess]) -> Access:
    """Which project answers, and the warnings. Raises NeedsReconnect if the project refuses the key."""
    credentials = call.credentials
    reached = await _readable(call, credentials.tables())
    if not credentials.allowed_tables:
        await _check_key(call)
    warnings = [_WARNINGS[credentials.kind]] if credentials.kind in _WARNINGS else []
    if credentials.kind in ("anon", "service_role"):
        warnings.append(_DEPRECATED)
    if missing := len(credentials.tables()) - len(reached):
        warnings.append(f"{missing} of the allowed tables do not exist, or the key may not read them.")
    if not credentials.allowed_tables:
        warnings.append("The connection allows no table, so nothing can be read.")
    return Access(label=f"{read_url(credentials.url).host} with a {credentials.kind} key", warnings=warnings)


async def _check_key(call: Call[SupabaseAccess]) -> None:
    """Checks whether the project accepts the key. The answer Forbidden to this request means that it does."""
    with suppress(Forbidden):
        await call.http.get(ROOT)


async def _described(call: Call[SupabaseAccess]) -> dict[str, list[Column]]:
    """The tables in public and their columns, from the root's OpenAPI document; empty if the key may not read it."""
    answer = await call.http.get(ROOT, headers={"Accept": "application/openapi+json"}, checked=False)
    if not answer.ok:
        return {}
    definitions = answer.document().get("definitions")
    return {
        name: _columns(definition)
        for name, definition in (definitions.items() if isinstance(definitions, dict) else ())
        if isinstance(definition, dict)
    }


def _columns(definition: dict[str, Any]) -> list[Column]:
    properties, required = definition.get("properties"), definition.get("required")
    if not isinstance(properties, dict):
        return []
    needed = required if isinstance(required, list) else []
    return [
        Column(name=name, type=str(field.get("format") or field.get("type") or ""), nullable=name not in needed)
        for name, field in properties.items()
        if isinstance(field, dict)
    ]


async def _readable(call: Call[SupabaseAccess], tables: list[TableRef]) -> list[TableRef]:
    """The tables that answer a query with limit 0."""
    free = asyncio.Semaphore(AT_ONCE)

    async def answers(table: TableRef) -> bool:
        async with free:
            try:
                await get_table(call, table, {"select": "*", "limit": "0"})
            except (NotFound, Forbidden):
                return False
        return True

    answered = await asyncio.gather(*map(answers, tables))
    return [table for table, ok in zip(tables, answered, strict=True) if ok]
