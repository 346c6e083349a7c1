"""Decides which rows match, like PostgreSQL: null matches no comparison, and values have the type of the column."""

import re
from collections.abc import Callable
from typing import Any

from .errors import bad_value, no_column, no_operator
from .grammar import Test, Tree

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def fits(part: Tree | Test, row: dict[str, Any], kinds: dict[str, str], table: str) -> bool | None:
    """True, false, or None for unknown, as in SQL."""
    if isinstance(part, Test):
        found = _fits_test(part, row, kinds, table)
    else:
        answers = [fits(inner, row, kinds, table) for inner in part.parts]
        found = _all(answers) if part.word == "and" else _not(_all([_not(answer) for answer in answers]))
    return _not(found) if part.negated else found


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _all(answers: list[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def _fits_test(test: Test, row: dict[str, Any], kinds: dict[str, str], table: str) -> bool | None:
    if test.column not in kinds:
        raise no_column(table, test.column)
    kind, value = kinds[test.column], row[test.column]
    if test.op == "is":
        return value is None if test.values[0] == "null" else value is (test.values[0] == "true")
    if test.op in ("like", "ilike"):
        return _like(test, kind, value)
    wanted = [_typed(kind, text) for text in test.values]
    if value is None:
        return None
    if test.op == "in":
        return value in wanted and test.values != ("",)  # PostgREST reads in.("") as an empty list
    return COMPARISONS[test.op](value, wanted[0])


def _like(test: Test, kind: str, value: str | None) -> bool | None:
    if kind != "text":
        raise no_operator(kind, "~~")
    if value is None:
        return None
    pattern = test.values[0].replace("*", "%")
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    expression = "".join({"%": ".*", "_": "."}.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, value, re.DOTALL | (re.IGNORECASE if test.op == "ilike" else 0)) is not None


def _typed(kind: str, text: str) -> int | float | bool | str:
    try:
        if kind in ("bigint", "integer"):
            return int(text)
        if kind == "numeric":
            return float(text)
    except ValueError:
        raise bad_value(kind, text) from None
    if kind == "boolean":
        if text.lower() not in ("true", "false", "t", "f"):
            raise bad_value(kind, text)
        return text.lower() in ("true", "t")
    return text
