"""Looks at which allowed tables a key reaches, and at what it could do besides."""

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
    "secret": "The key is a secret one: it passes by row level security and may write to every table.",
    "service_role": "The key is the service_role's: it passes by row level security and may write to every table.",
    "other": "The key is of a kind that is not known, so what it may do is not known either.",
}
_AGEING = "The key is of the older kind (JWT), which Supabase is taking out of use: replace it."


async def tables_of(call: Call[SupabaseAccess]) -> list[Table]:
    """The allowed tables that the key can read, with their columns where the project's API tells them."""
    wanted = call.credentials.tables()
    told = await _described(call) if any(table.schema == DEFAULT_SCHEMA for table in wanted) else {}
    unsure = [table for table in wanted if str(table) not in told]
    reached = set(await _reached(call, unsure))
    return [
        Table(name=str(table), columns=told.get(str(table), []))
        for table in wanted
        if str(table) in told or table in reached
    ]


async def inspect_access(call: Call[SupabaseAccess]) -> Access:
    """Which project answers, and the warnings. Raises when the key is refused."""
    credentials = call.credentials
    reached = await _reached(call, credentials.tables())
    if not credentials.allowed_tables:
        await _knock(call)
    warnings = [_WARNINGS[credentials.kind]] if credentials.kind in _WARNINGS else []
    if credentials.kind in ("anon", "service_role"):
        warnings.append(_AGEING)
    if missing := len(credentials.tables()) - len(reached):
        warnings.append(f"{missing} of the allowed tables do not exist or may not be read with this key.")
    if not credentials.allowed_tables:
        warnings.append("No table is allowed, so nothing can be read.")
    return Access(label=f"{read_url(credentials.url).host} with a {credentials.kind} key", warnings=warnings)


async def _knock(call: Call[SupabaseAccess]) -> None:
    """Ask for nothing but whether the key is accepted: a description that is closed to it says that it is."""
    with suppress(Forbidden):
        await call.http.get(ROOT)


async def _described(call: Call[SupabaseAccess]) -> dict[str, list[Column]]:
    """What the root's OpenAPI document tells of the tables in public; nothing where it is closed to this key."""
    answer = await call.http.get(ROOT, headers={"Accept": "application/openapi+json"}, checked=False)
    if not answer.ok:
        return {}
    definitions = answer.document().get("definitions")
    return {
        name: _columns(found)
        for name, found in (definitions.items() if isinstance(definitions, dict) else ())
        if isinstance(found, dict)
    }


def _columns(definition: dict[str, Any]) -> list[Column]:
    properties, required = definition.get("properties"), definition.get("required")
    if not isinstance(properties, dict):
        return []
    needed = required if isinstance(required, list) else []
    return [
        Column(name=name, type=str(found.get("format") or found.get("type") or ""), nullable=name not in needed)
        for name, found in properties.items()
        if isinstance(found, dict)
    ]


async def _reached(call: Call[SupabaseAccess], tables: list[TableRef]) -> list[TableRef]:
    """Those that answer when asked for no row at all."""
    free = asyncio.Semaphore(AT_ONCE)

    async def answers(table: TableRef) -> bool:
        async with free:
            try:
                await get_table(call, table, {"select": "*", "limit": "0"})
            except (NotFound, Forbidden):
                return False
        return True

    known = await asyncio.gather(*map(answers, tables))
    return [table for table, there in zip(tables, known, strict=True) if there]
