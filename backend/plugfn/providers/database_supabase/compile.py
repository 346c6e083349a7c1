"""A structured query as PostgREST's URL parameters. Every value is quoted, every name is checked before it comes here.

The grammar: https://docs.postgrest.org/en/stable/references/api/tables_views.html. All filters go into one `and=(…)`,
where a value in double quotes is just a value, whatever is in it; in the shorter `column=eq.value` some are not.
"""

import re
from collections.abc import Sequence

from plugfn.database.query import AllOf, AnyOf, Condition, Filter, Order, Query, literal
from plugfn.errors import InvalidParams, Problem

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_WORDS = frozenset({"and", "or", "not"})


def compiled(query: Query, rows: int) -> dict[str, str]:
    """The parameters that ask for at most so many rows."""
    parameters = {"select": ",".join(map(_name, query.columns)) or "*"}
    if query.filters:
        parameters["and"] = f"({_joined(query.filters)})"
    if query.order:
        parameters["order"] = ",".join(map(_order, query.order))
    return parameters | {"limit": str(rows), "offset": str(query.offset)}


def _name(name: str) -> str:
    """Quoted, unless it is of plain letters and no word of PostgREST's own logic."""
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
        # PostgREST takes in.("") for the list of nothing.
        return f"{name}.eq.{_quoted(literal(part.value[0]))}"
    if isinstance(part.value, list):
        return f"{name}.in.({','.join(_quoted(literal(one)) for one in part.value)})"
    text = literal(part.value)
    if part.op in ("like", "ilike") and "*" in text:
        raise InvalidParams(
            "the query cannot be asked",
            problems=[Problem(f"filters.{part.column}", "Supabase takes * for %, so a pattern cannot hold one")],
        )
    return f"{name}.{part.op}.{_quoted(text)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _order(part: Order) -> str:
    nulls = f".nulls{part.nulls}" if part.nulls else ""
    return f"{_name(part.column)}.{'desc' if part.desc else 'asc'}{nulls}"
