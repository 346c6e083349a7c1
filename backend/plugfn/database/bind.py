"""Binds values to the `$1`, `$2` … of checked SQL. The server gets them apart from the SQL, so they stay values."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from sqlglot.dialects.postgres import Postgres
from sqlglot.tokenizer_core import TokenType

from plugfn.errors import InvalidParams, Problem

Piece = str | int
"""A piece of SQL text, or the number of the value that stands there."""


def pieces_of(select: str) -> list[Piece]:
    """The SQL of `checked_select`, cut at its parameters."""
    pieces: list[Piece] = []
    at = 0
    for start, end in _parameters(select):
        pieces += [select[at:start], int(select[start + 1 : end])]
        at = end
    return [*pieces, select[at:]]


def _parameters(select: str) -> Iterator[tuple[int, int]]:
    for sign, number in pairwise(Postgres().tokenize(select)):
        if sign.token_type is TokenType.PARAMETER:
            yield sign.start, number.end + 1


def check_values(pieces: Sequence[Piece], count: int) -> None:
    """Raises InvalidParams unless each of the `count` values is used, and each parameter has a value."""
    used = {piece for piece in pieces if isinstance(piece, int)}
    if used != set(range(1, count + 1)):
        wanted = f"must be {max(used)} values" if used else "must be empty"
        reason = f"{wanted}, each used in the SQL: the first as $1, the second as $2 …"
        raise InvalidParams("the values do not fit the SQL", problems=[Problem("values", reason)])
