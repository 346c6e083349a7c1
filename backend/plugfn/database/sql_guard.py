"""Checks free SQL: only a single SELECT over allowed tables that uses only harmless syntax and functions passes.

The caller's text is never sent. It is parsed, and the SQL that is sent is generated from the parse tree, with every
name quoted and every table with its schema. So PostgreSQL never sees text that it could read differently than we do.
This is one of six layers: see providers/database_postgres/README.md.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NoReturn

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.tokenizer_core import Token, TokenType

from plugfn.database.names import DEFAULT_SCHEMA, LONGEST, TableRef, permitted
from plugfn.database.sql_vocabulary import ALLOWED, CASTS, PARTS, ROW_FUNCTIONS
from plugfn.errors import Forbidden, InvalidCall

LONGEST_SQL = 10_000
DEEPEST = 100
MOST_NODES = 2_000

_BEGINNINGS = (TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN)
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d{1,3})?|\.\d+([eE][+-]?\d{1,3})?", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]{1,30}", re.ASCII)
_FOLD = str.maketrans({chr(code): chr(code + 32) for code in range(65, 91)})

# The parser is large and the text is untrusted: any of these errors means that the text cannot be read.
_PARSER_ERRORS = (SqlglotError, RecursionError, ValueError, IndexError, AttributeError, TypeError)

Statement = exp.Select | exp.SetOperation | exp.Subquery


def checked_select(sql: str, allowed: Iterable[str]) -> str:
    """The SQL to send instead of the caller's, if the query may run; `allowed` are TableNames.

    The generated SQL is parsed and checked a second time, and must come out unchanged: so the SQL that is sent means
    what was checked. Raises Forbidden (codes statement_not_allowed, table_not_allowed) and InvalidCall
    (unreadable_sql)."""
    if len(sql) > LONGEST_SQL or "\x00" in sql:
        _refuse(f"more than {LONGEST_SQL} characters, or a null character")
    tables = list(allowed)
    generated = _regenerated(sql, tables)
    if _regenerated(generated, tables) != generated:
        raise InvalidCall("the SQL is ambiguous: write it differently", code="unreadable_sql")
    return generated


def _regenerated(sql: str, allowed: list[str]) -> str:
    tokens = _tokens(sql)
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
        raise InvalidCall("the parser drops a part of the SQL: write it differently", code="unreadable_sql")
    return generated


def _text(tree: Statement) -> str:
    try:
        return tree.sql(dialect=Postgres, comments=False, identify=True)
    except _PARSER_ERRORS as error:
        raise InvalidCall("the SQL cannot be read", code="unreadable_sql") from error


def _refuse(what: str) -> NoReturn:
    raise Forbidden(f"PlugFn does not run {what}: write one plain SELECT", code="statement_not_allowed")


def _tokens(sql: str) -> list[Token]:
    try:
        return _one_statement(Postgres().tokenize(sql))
    except _PARSER_ERRORS as error:
        raise InvalidCall("the SQL cannot be read", code="unreadable_sql") from error


def _parsed(tokens: list[Token], sql: str) -> Statement:
    try:
        trees = Postgres().parser().parse(tokens, sql)
    except _PARSER_ERRORS as error:
        raise InvalidCall("the SQL cannot be read", code="unreadable_sql") from error
    if len(trees) != 1 or not isinstance(trees[0], (exp.Select, exp.SetOperation, exp.Subquery)):
        _refuse("this kind of statement")
    return trees[0]


def _literals(tokens: list[Token]) -> int:
    """How many strings and numbers there are: the parser drops some that it takes for empty, as in `j -> ''`."""
    return sum(token.token_type in (TokenType.STRING, TokenType.NUMBER) for token in tokens)


def _one_statement(tokens: list[Token]) -> list[Token]:
    """The tokens without trailing semicolons. Other commands are refused here, because the parser would log them."""
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens = tokens[:-1]
    if not tokens or tokens[0].token_type not in _BEGINNINGS:
        _refuse("this kind of statement")
    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        _refuse("several statements")
    return tokens


def _check_size(tree: Statement) -> None:
    for number, node in enumerate(tree.walk()):
        if number > MOST_NODES or node.depth > DEEPEST:
            _refuse("a query this big")


def _check_node(node: exp.Expr) -> None:
    kind = type(node)
    if kind not in ALLOWED:
        _refuse(_describe(node))
    parts = PARTS.get(kind)
    if parts is not None:
        extra = [name for name, part in node.args.items() if part and name not in parts]
        if extra:
            _refuse(f"{kind.__name__.upper()} with {extra[0].strip('_')}")
    if isinstance(node, exp.Identifier):
        _check_identifier(node)
    elif isinstance(node, exp.Column) and node.table and node.name.lower() in ROW_FUNCTIONS:
        _refuse("a function written like a column")
    elif isinstance(node, exp.Literal) and not node.is_string and not _NUMBER.fullmatch(str(node.this)):
        _refuse("a number in this form")
    elif isinstance(node, exp.Var) and not _WORD.fullmatch(str(node.this)):
        _refuse("this word")
    elif isinstance(node, exp.DataType) and not _plain_type(node):
        _refuse("a cast to this type")
    elif isinstance(node, exp.Limit | exp.Offset) and not isinstance(node.expression, exp.Literal):
        _refuse("a limit that is not a number")


def _describe(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return "this function"
    return f"{type(node).__name__.upper()}"


def _plain_type(node: exp.DataType) -> bool:
    return node.this in CASTS and all(isinstance(part, exp.DataTypeParam) for part in node.expressions)


def _check_identifier(node: exp.Identifier) -> None:
    """Lowers the name's case as PostgreSQL does (ASCII only, unless it is quoted), and then quotes it."""
    name = str(node.this) if node.args.get("quoted") else str(node.this).translate(_FOLD)
    if not name or '"' in name or len(name.encode("utf-8", "replace")) > LONGEST:
        _refuse("a name in this form")
    node.set("this", name)
    node.set("quoted", True)


def _tables(tree: Statement) -> Iterator[tuple[exp.Table, bool]]:
    """Every table in the query, and whether its name means a WITH query that is in scope there."""
    try:
        scopes = traverse_scope(tree)
    except (SqlglotError, RecursionError) as error:
        raise InvalidCall("the SQL cannot be read", code="unreadable_sql") from error
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
        _refuse("a table in this place")


def _reference(table: exp.Table) -> TableRef:
    if not isinstance(table.this, exp.Identifier):
        _refuse("a function in place of a table")
    return TableRef(table.db or DEFAULT_SCHEMA, table.name)


def _add_schema(table: exp.Table, reference: TableRef) -> None:
    """Adds the schema to the table, and its own name as the alias, so that columns can still refer to it."""
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(reference.table, quoted=True)))
    table.set("db", exp.to_identifier(reference.schema, quoted=True))
