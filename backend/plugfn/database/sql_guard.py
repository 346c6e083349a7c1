"""Checks free SQL: only a single SELECT over allowed tables that uses only harmless syntax and functions passes.

The caller's text is never sent. It is parsed, and the SQL that is sent is generated from the parse tree, with every
name quoted and every table with its schema. So PostgreSQL never sees text that it could read differently than we do.
This is one of six layers: see providers/database_postgres/README.md.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.tokenizer_core import Token, TokenType

from plugfn.database.names import DEFAULT_SCHEMA, LONGEST, TableRef, permitted
from plugfn.database.sql_parse import PARSER_ERRORS, parsed, refuse, tokens_of, unreadable
from plugfn.database.sql_vocabulary import ALLOWED, CASTS, PARTS, ROW_FUNCTIONS

LONGEST_SQL = 10_000
DEEPEST = 100
MOST_NODES = 2_000

_PARAMETER = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d{1,3})?|\.\d+([eE][+-]?\d{1,3})?", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]{1,30}", re.ASCII)
_FOLD = str.maketrans({chr(code): chr(code + 32) for code in range(65, 91)})

_checking: ContextVar[bool] = ContextVar("plugfn_checking_sql", default=False)


class _NoQuotes(logging.Filter):
    """Drops what the parser logs about the SQL that is being checked: it quotes the text, which may hold secrets."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _checking.get()


logging.getLogger("sqlglot").addFilter(_NoQuotes())

Statement = exp.Select | exp.SetOperation | exp.Subquery


def checked_select(sql: str, allowed: Iterable[str]) -> str:
    """The SQL to send instead of the caller's, if the query may run; `allowed` are TableNames.

    The generated SQL is parsed and checked a second time, and must come out unchanged: so the SQL that is sent means
    what was checked. `$1`, `$2` … stay: see bind.py. It can take half a second, so call it in a thread.
    Raises Forbidden (codes statement_not_allowed, table_not_allowed) and InvalidCall (unreadable_sql)."""
    if len(sql) > LONGEST_SQL or "\x00" in sql:
        refuse(f"more than {LONGEST_SQL} characters, or a null character")
    tables = list(allowed)
    checking = _checking.set(True)
    try:
        generated = _regenerated(sql, tables)
        if _regenerated(generated, tables) != generated:
            raise unreadable("the SQL is ambiguous: write it differently")
    finally:
        _checking.reset(checking)
    return generated


def _regenerated(sql: str, allowed: list[str]) -> str:
    tokens = tokens_of(sql)
    tree = _parsed(tokens, sql)
    _check_size(tree)
    for node in tree.walk():
        _check_node(node)
    tables = list(_tables(tree))
    _check_no_table_was_missed(tree, tables)
    for table, is_with_query in tables:
        if not is_with_query:
            _add_schema(table, permitted(_reference(table), allowed))
    generated = _text(tree)
    if _literals(tokens) != _literals(Postgres().tokenize(generated)):
        raise unreadable("the parser drops a part of the SQL: write it differently")
    return generated


def _text(tree: Statement) -> str:
    try:
        return tree.sql(dialect=Postgres, comments=False, identify=True)
    except PARSER_ERRORS as error:
        raise unreadable() from error


def _parsed(tokens: list[Token], sql: str) -> Statement:
    tree = parsed(tokens, sql)
    if not isinstance(tree, (exp.Select, exp.SetOperation, exp.Subquery)):
        refuse("this kind of statement")
    return tree


def _literals(tokens: list[Token]) -> int:
    """How many strings and numbers there are: the parser drops some that it takes for empty, as in `j -> ''`."""
    return sum(token.token_type in (TokenType.STRING, TokenType.NUMBER) for token in tokens)


def _check_size(tree: Statement) -> None:
    for number, node in enumerate(tree.walk()):
        if number > MOST_NODES or node.depth > DEEPEST:
            refuse("a query this big")


def _check_node(node: exp.Expr) -> None:
    kind = type(node)
    if kind not in ALLOWED:
        refuse(_describe(node))
    parts = PARTS.get(kind)
    if parts is not None:
        extra = [name for name, part in node.args.items() if part and name not in parts]
        if extra:
            refuse(f"{kind.__name__.upper()} with {extra[0].strip('_')}")
    if isinstance(node, exp.Identifier):
        _check_identifier(node)
    elif isinstance(node, exp.Column) and node.table and node.name.lower() in ROW_FUNCTIONS:
        refuse("a function written like a column")
    elif isinstance(node, exp.Literal) and not node.is_string and not _NUMBER.fullmatch(str(node.this)):
        refuse("a number in this form")
    elif isinstance(node, exp.Parameter) and not _plain_parameter(node):
        refuse("a parameter in this form (write $1)")
    elif isinstance(node, exp.Var) and not _WORD.fullmatch(str(node.this)):
        refuse("this word")
    elif isinstance(node, exp.DataType) and not _plain_type(node):
        refuse("a cast to this type")
    elif isinstance(node, exp.Limit | exp.Offset) and not isinstance(node.expression, exp.Literal):
        refuse("a limit that is not a number")


def _describe(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return "this function"
    return f"{type(node).__name__.upper()}"


def _plain_type(node: exp.DataType) -> bool:
    return node.this in CASTS and all(isinstance(part, exp.DataTypeParam) for part in node.expressions)


def _plain_parameter(node: exp.Parameter) -> bool:
    number = node.this
    return isinstance(number, exp.Literal) and not number.is_string and bool(_PARAMETER.fullmatch(str(number.this)))


def _check_identifier(node: exp.Identifier) -> None:
    """Lowers the name's case as PostgreSQL does (ASCII only, unless it is quoted), and then quotes it."""
    name = str(node.this) if node.args.get("quoted") else str(node.this).translate(_FOLD)
    if not name or '"' in name or len(name.encode("utf-8", "replace")) > LONGEST:
        refuse("a name in this form")
    node.set("this", name)
    node.set("quoted", True)


def _tables(tree: Statement) -> Iterator[tuple[exp.Table, bool]]:
    """Every table in the query, and whether its name means a WITH query that is in scope there."""
    try:
        scopes = traverse_scope(tree)
    except (SqlglotError, RecursionError) as error:
        raise unreadable() from error
    seen: set[int] = set()
    for scope in scopes:
        for table in scope.tables:
            if id(table) not in seen:
                seen.add(id(table))
                yield table, _is_with_query(scope, table)


def _is_with_query(scope: Scope, table: exp.Table) -> bool:
    """Whether the name, without a schema, means a WITH query in this scope; such a name never begins with pg_.

    So even a wrong answer here does no harm: the search path has only the catalogue, whose names begin with pg_."""
    return not table.db and table.name in scope.cte_sources and not table.name.startswith("pg_")


def _check_no_table_was_missed(tree: Statement, tables: list[tuple[exp.Table, bool]]) -> None:
    """The walk through the scopes must have listed every table: one that it missed would go unchecked."""
    if {id(table) for table, _ in tables} != {id(table) for table in tree.find_all(exp.Table)}:
        refuse("a table in this place")


def _reference(table: exp.Table) -> TableRef:
    if not isinstance(table.this, exp.Identifier):
        refuse("a function in place of a table")
    return TableRef(table.db or DEFAULT_SCHEMA, table.name)


def _add_schema(table: exp.Table, reference: TableRef) -> None:
    """Adds the schema to the table, and its own name as the alias, so that columns can still refer to it."""
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(reference.table, quoted=True)))
    table.set("db", exp.to_identifier(reference.schema, quoted=True))
