"""Compiles queries to SQL with parameters: names become quoted identifiers, and values never become SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from plugfn.database.bind import check_values, pieces_of
from plugfn.database.names import TableRef
from plugfn.database.query import AllOf, AnyOf, Condition, Filter, Order, Query, literal

_COMPARISONS = {
    "eq": sql.SQL("="),
    "neq": sql.SQL("<>"),
    "gt": sql.SQL(">"),
    "gte": sql.SQL(">="),
    "lt": sql.SQL("<"),
    "lte": sql.SQL("<="),
    "like": sql.SQL("LIKE"),
    "ilike": sql.SQL("ILIKE"),
}


@dataclass(frozen=True)
class Compiled:
    """SQL and its parameters. Parameters are text; the server infers their type from the column compared with them."""

    text: sql.SQL | sql.Composed
    values: tuple[str, ...] = ()

    def then(self, word: str, other: "Compiled") -> "Compiled":
        """This SQL, a word, and the other SQL."""
        return Compiled(self.text + sql.SQL(f" {word} ") + other.text, self.values + other.values)


def compile_query(query: Query, table: TableRef) -> Compiled:
    """The query as SQL, without its limit."""
    columns = sql.SQL(", ").join(map(sql.Identifier, query.columns)) if query.columns else sql.SQL("*")
    whole = Compiled(sql.SQL("SELECT {} FROM {}").format(columns, _table(table)))
    if query.filters:
        whole = whole.then("WHERE", _joined(query.filters, "AND"))
    if query.order:
        whole = whole.then("ORDER BY", Compiled(sql.SQL(", ").join(map(_order, query.order))))
    return whole.then("OFFSET", Compiled(sql.SQL("{}").format(query.offset))) if query.offset else whole


def compile_count(query: Query, table: TableRef) -> Compiled:
    """SQL that counts the rows that match the query's filters."""
    whole = Compiled(sql.SQL("SELECT count(*) FROM {}").format(_table(table)))
    return whole.then("WHERE", _joined(query.filters, "AND")) if query.filters else whole


def compile_sql(select: str, values: Sequence[bool | int | float | str]) -> Compiled:
    """Checked SQL with its values. Raises InvalidParams unless they fit together."""
    pieces = pieces_of(select)
    check_values(pieces, len(values))
    text = sql.SQL("").join(
        sql.Placeholder() if isinstance(piece, int) else sql.SQL(piece.replace("%", "%%")) for piece in pieces
    )
    return Compiled(text, tuple(literal(values[piece - 1]) for piece in pieces if isinstance(piece, int)))


def _table(table: TableRef) -> sql.Identifier:
    return sql.Identifier(table.schema, table.table)


def _joined(filters: Sequence[Filter | AllOf], word: str) -> Compiled:
    whole = _filter(filters[0])
    for part in filters[1:]:
        whole = whole.then(word, _filter(part))
    return whole


def _filter(part: Filter | AllOf) -> Compiled:
    if isinstance(part, Condition):
        return _condition(part)
    inner = _joined(part.any, "OR") if isinstance(part, AnyOf) else _joined(part.all, "AND")
    return Compiled(sql.SQL("({})").format(inner.text), inner.values)


def _condition(part: Condition) -> Compiled:
    column = sql.Identifier(part.column)
    if part.op == "is_null":
        return Compiled(sql.SQL("{} IS NULL" if part.value else "{} IS NOT NULL").format(column))
    if isinstance(part.value, list):
        places = sql.SQL(", ").join(sql.Placeholder() * len(part.value))
        return Compiled(sql.SQL("{} IN ({})").format(column, places), tuple(literal(value) for value in part.value))
    return Compiled(sql.SQL("{} {} %s").format(column, _COMPARISONS[part.op]), (literal(part.value),))


def _order(part: Order) -> sql.Composed:
    direction = sql.SQL("DESC") if part.desc else sql.SQL("ASC")
    nulls = sql.SQL("" if part.nulls is None else f" NULLS {part.nulls.upper()}")
    return sql.SQL("{} {}{}").format(sql.Identifier(part.column), direction, nulls)
