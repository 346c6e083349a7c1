"""Compiles a structured query to PostgREST's URL parameters. Values are quoted; names were checked before.

The grammar: https://docs.postgrest.org/en/stable/references/api/tables_views.html. All filters go into one `and=(…)`:
there, a value in double quotes is always just a value, while the shorter `column=eq.value` gives some values a meaning.
"""

import re
from collections.abc import Sequence

from plugfn.database.query import AllOf, AnyOf, Condition, Filter, Order, Query, literal
from plugfn.errors import InvalidParams, Problem

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_WORDS = frozenset({"and", "or", "not"})


def compile_query(query: Query, rows: int) -> dict[str, str]:
    """The URL parameters for the query, with `rows` as the limit."""
    parameters = {"select": ",".join(map(_name, query.columns)) or "*"}
    if query.filters:
        parameters["and"] = f"({_joined(query.filters)})"
    if query.order:
        parameters["order"] = ",".join(map(_order, query.order))
    return parameters | {"limit": str(rows), "offset": str(query.offset)}


def _name(name: str) -> str:
    """The name, quoted unless it consists of plain letters and is not one of PostgREST's operators."""
    return name if _PLAIN.fullmatch(name) and name not in _WORDS else f'"{name}"'


def _joined(filters: Sequence[Filter | AllOf]) -> str:
    return ",".join(map(_filter, filters))


def _filter(part: Filter | AllOf) -> str:
    if isinstance(part, AnyOf):
        return f"or({_joined(part.any)})"
    return f"and({_joined(part.all)})" if isinstance(part, AllOf) else _condition(part)


def _condition(part: Condition) -> str:
    name = _name(part.column)
    if part.op == "is_null":
        return f"{name}.is.null" if part.value else f"{name}.not.is.null"
    if isinstance(part.value, list) and len(part.value) == 1:
        # PostgREST reads in.("") as an empty list.
        return f"{name}.eq.{_quoted(literal(part.value[0]))}"
    if isinstance(part.value, list):
        return f"{name}.in.({','.join(_quoted(literal(value)) for value in part.value)})"
    text = literal(part.value)
    if part.op in ("like", "ilike") and "*" in text:
        raise InvalidParams(
            "Supabase cannot run this query",
            problems=[Problem(f"filters.{part.column}", "must not contain *, which Supabase reads as %")],
        )
    return f"{name}.{part.op}.{_quoted(text)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _order(part: Order) -> str:
    nulls = f".nulls{part.nulls}" if part.nulls else ""
    return f"{_name(part.column)}.{'desc' if part.desc else 'asc'}{nulls}"
