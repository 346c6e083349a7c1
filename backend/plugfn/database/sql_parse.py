"""Parses untrusted SQL in time that grows linearly with its length.

The parser tries several readings of the same words, one inside the other. Nested text can make it try 2^depth of them,
and a thread that does so cannot be stopped. So two limits hold before and while it parses: text that is too long or
nested too deep is refused by its tokens, and the parser counts its steps and stops itself. Plain queries need at most
two steps for each token.
"""

from typing import NoReturn

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.tokenizer_core import Token, TokenType

from plugfn.errors import Forbidden, InvalidCall

MOST_TOKENS = 6_000
DEEPEST_NESTING = 20
"""Brackets of any kind, CASE, and operators before a value (NOT, -), counted together."""
STEPS_PER_TOKEN = 4
FIRST_STEPS = 100
LONGEST_STEP = 4
"""The most tokens that the parser passes at once, on average."""

_BEGINNINGS = (TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN)
_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
_PREFIXES = frozenset({TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE})

# The parser is large and the text is untrusted: any of these errors means that the text cannot be read.
PARSER_ERRORS = (SqlglotError, RecursionError, ValueError, IndexError, AttributeError, TypeError)


class TooManySteps(Exception):
    """The parser tries too many readings of one text."""


class CountingParser(PostgresParser):
    """Stops after a number of steps. Whichever reading the parser tries, it moves on with `_advance`."""

    def __init__(self, most: int) -> None:
        self.steps, self._most = 0, most
        super().__init__(dialect=Postgres())

    def _advance(self, times: int = 1) -> None:
        self.steps += 1
        if self.steps > self._most:
            raise TooManySteps
        super()._advance(times)


def refuse(what: str) -> NoReturn:
    """Raises Forbidden."""
    raise Forbidden(f"PlugFn does not run {what}: write one plain SELECT", code="statement_not_allowed")


def unreadable(why: str = "the SQL cannot be read") -> InvalidCall:
    """The error for SQL that the parser does not understand."""
    return InvalidCall(why, code="unreadable_sql")


def tokens_of(sql: str) -> list[Token]:
    """The tokens of one statement that may be a SELECT. Raises Forbidden (too big, too deep) and InvalidCall."""
    try:
        tokens = _one_statement(Postgres().tokenize(sql))
    except PARSER_ERRORS as error:
        raise unreadable() from error
    if len(tokens) > MOST_TOKENS:
        refuse(f"more than {MOST_TOKENS} words and signs")
    if _nesting(tokens) > DEEPEST_NESTING:
        refuse(f"a query nested deeper than {DEEPEST_NESTING} levels")
    return tokens


def _one_statement(tokens: list[Token]) -> list[Token]:
    """The tokens without trailing semicolons. Other commands are refused here, because the parser would log them."""
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    if not tokens or tokens[0].token_type not in _BEGINNINGS:
        refuse("this kind of statement")
    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        refuse("several statements")
    return tokens


def _nesting(tokens: list[Token]) -> int:
    """How deep the tokens are nested at most; a closing bracket without an opening one does not count."""
    depth = prefixes = deepest = 0
    for token in tokens:
        kind = token.token_type
        if kind in _CLOSING:
            depth = max(depth - 1, 0)
        depth += kind in _OPENING
        prefixes = prefixes + 1 if kind in _PREFIXES else 0
        deepest = max(deepest, depth + prefixes)
    return deepest


def parsed(tokens: list[Token], sql: str) -> exp.Expr:
    """The tree of one statement. Raises InvalidCall, also when the parser needs too many steps."""
    parser = CountingParser(FIRST_STEPS + STEPS_PER_TOKEN * len(tokens))
    try:
        trees = parser.parse(tokens, sql)
    except TooManySteps:
        raise unreadable("the SQL can be read in too many ways: write it in a simpler way") from None
    except PARSER_ERRORS as error:
        raise unreadable() from error
    # Another release of the parser may move on without `_advance`: without the count there is no limit.
    if parser.steps * LONGEST_STEP < len(tokens):
        raise unreadable("the parser's steps are not counted: PlugFn does not know this release of sqlglot")
    if len(trees) != 1 or trees[0] is None:
        raise unreadable()
    return trees[0]
