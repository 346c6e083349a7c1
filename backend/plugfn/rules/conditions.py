"""Conditions: a JSON tree over declared fields, checked when it is saved. It cannot hold code or patterns.

    {"all": [tree, …]} | {"any": [tree, …]} | {"not": tree} | {"field": "issue.title", "op": "contains", "value": "bug"}

At most 5 levels and 50 leaves. `evaluation` evaluates a tree for an event.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic import Field as Declared

from plugfn.errors import InvalidParams, Problem
from plugfn.models import Model
from plugfn.problems import problems_of
from plugfn.rules.fields import Catalogue, Field, FieldType, aware, finite, unknown_field

DEEPEST = 5
MOST_LEAVES = 50
MOST_VALUES = 100
LONGEST_TEXT = 1_000
LONGEST_DIGITS = 40
LONGEST_AGE = timedelta(days=3660)


class Op(StrEnum):
    """The operator of a leaf."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    EXISTS = "exists"
    IS_EMPTY = "is_empty"
    OLDER_THAN = "older_than"
    NEWER_THAN = "newer_than"


_ALWAYS = (Op.EXISTS, Op.IS_EMPTY)
_SAME = (Op.EQ, Op.NE)
_AMONG = (Op.IN, Op.NOT_IN)
_ORDER = (Op.GT, Op.GTE, Op.LT, Op.LTE, Op.BETWEEN)
_AGE = (Op.OLDER_THAN, Op.NEWER_THAN)

OPS: Mapping[FieldType, tuple[Op, ...]] = {
    FieldType.STRING: (*_SAME, *_AMONG, Op.CONTAINS, Op.STARTS_WITH, *_ALWAYS),
    FieldType.NUMBER: (*_SAME, *_AMONG, *_ORDER, *_ALWAYS),
    FieldType.BOOLEAN: (*_SAME, *_ALWAYS),
    FieldType.DATETIME: (*_SAME, *_ORDER, *_AGE, *_ALWAYS),
    FieldType.DATE: (*_SAME, *_ORDER, *_AGE, *_ALWAYS),
    FieldType.LIST: (Op.CONTAINS, *_ALWAYS),
    FieldType.OBJECT: _ALWAYS,
    FieldType.ANY: _ALWAYS,
}
"""The operators for a field of each type."""


class Leaf(Model):
    """One test of one field."""

    model_config = ConfigDict(frozen=True)

    field: str = Declared(min_length=1, max_length=200)
    op: Op
    value: Any = None


class All(Model):
    """True when every part is true."""

    model_config = ConfigDict(frozen=True)

    all: "tuple[Condition, ...]"


class AnyOf(Model):
    """True when at least one part is true."""

    model_config = ConfigDict(frozen=True)

    any: "tuple[Condition, ...]"


class Not(Model):
    """True when its part is false; unknown when its part is unknown."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    inner: "Condition" = Declared(alias="not")


Condition: TypeAlias = All | AnyOf | Not | Leaf
for group in (All, AnyOf, Not):
    group.model_rebuild()

_KINDS = ("all", "any", "not", "field")


def parse(raw: Any, at: str = "conditions") -> Condition:
    """A tree from JSON. Raises InvalidParams, whose problems have paths such as "conditions.all.0.op"."""
    if isinstance(raw, Condition):
        raw = raw.model_dump(exclude_unset=True)
    if problems := _shape(raw, at):
        raise InvalidParams("the conditions are not valid", problems=problems[:20])
    # Trees that are too deep or too wide have been refused, so that nothing recursive sees them.
    adapter: TypeAdapter[Condition] = TypeAdapter(Condition)
    return adapter.validate_python(raw)


def _shape(raw: Any, at: str) -> list[Problem]:
    problems: list[Problem] = []
    leaves = 0
    waiting = [(at, raw, 1)]
    while waiting and len(problems) < 20:
        path, node, depth = waiting.pop()
        if depth > DEEPEST:
            problems.append(Problem(path, f"is nested deeper than {DEEPEST} levels"))
            continue
        kind = _kind(node)
        if kind == "field":
            leaves += 1
            problems += _leaf_problems(path, node)
        elif reason := _group_problem(kind, node):
            problems.append(Problem(path, reason))
        else:
            waiting += _parts(path, kind, node, depth)
        if leaves > MOST_LEAVES:
            return [Problem(at, f"has more than {MOST_LEAVES} leaves")]
    return problems


def _kind(node: Any) -> str:
    kinds = [kind for kind in _KINDS if kind in node] if isinstance(node, dict) else []
    return kinds[0] if len(kinds) == 1 else ""


def _group_problem(kind: str, node: Any) -> str:
    if not kind:
        return 'must be an object with exactly one of "all", "any", "not", "field"'
    if len(node) > 1:
        return f'has more than "{kind}"'
    if kind != "not" and not (isinstance(node[kind], (list, tuple)) and 1 <= len(node[kind]) <= MOST_LEAVES):
        return f'"{kind}" must be a list of 1 to {MOST_LEAVES} conditions'
    return ""


def _parts(path: str, kind: str, node: Any, depth: int) -> list[tuple[str, Any, int]]:
    if kind == "not":
        return [(f"{path}.not", node["not"], depth + 1)]
    parts = [(f"{path}.{kind}.{index}", part, depth + 1) for index, part in enumerate(node[kind])]
    return parts[::-1]


def _leaf_problems(path: str, node: Any) -> list[Problem]:
    try:
        Leaf.model_validate(node)
    except ValidationError as error:
        return [Problem(f"{path}.{problem.field}", problem.reason) for problem in problems_of(error)]
    return []


def leaves(tree: Condition, at: str = "conditions") -> list[tuple[str, Leaf]]:
    """Every leaf with its path."""
    if isinstance(tree, Leaf):
        return [(at, tree)]
    if isinstance(tree, Not):
        return leaves(tree.inner, f"{at}.not")
    kind, parts = ("all", tree.all) if isinstance(tree, All) else ("any", tree.any)
    return [pair for index, part in enumerate(parts) for pair in leaves(part, f"{at}.{kind}.{index}")]


def check(tree: Condition, known: Catalogue, at: str = "conditions") -> list[Problem]:
    """What is wrong with a tree for these fields: unknown fields, operators and values of the wrong type."""
    problems = []
    for path, leaf in leaves(tree, at):
        field = known.get(leaf.field)
        if field is None:
            problems.append(Problem(f"{path}.field", unknown_field(leaf.field, known)))
        elif leaf.op not in OPS[field.type]:
            operators = ", ".join(OPS[field.type])
            problems.append(Problem(f"{path}.op", f"does not fit the type {field.type}: its operators are {operators}"))
        else:
            problems += _value_problems(path, leaf, field)
    return problems


def _value_problems(path: str, leaf: Leaf, field: Field) -> list[Problem]:
    try:
        operand(leaf, field)
    except ValueError as error:
        return [Problem(f"{path}.value", str(error))]
    return []


def operand(leaf: Leaf, field: Field) -> Any:
    """The value to compare a field with, in the field's type. Raises ValueError with the reason, not the value."""
    if leaf.op in _ALWAYS:
        if leaf.value is not None:
            raise ValueError(f"{leaf.op} takes no value")
        return None
    if leaf.op in _AGE:
        return _age(leaf.value)
    if leaf.op in _AMONG:
        return _several(leaf.value, field, 1, MOST_VALUES)
    if leaf.op is Op.BETWEEN:
        low, high = _several(leaf.value, field, 2, 2)
        if low > high:
            raise ValueError("the first of the two must not be greater than the second")
        return low, high
    return _item(leaf.value) if field.type is FieldType.LIST else single_value(leaf.value, field)


def _several(value: Any, field: Field, least: int, most: int) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)) or not least <= len(value) <= most:
        raise ValueError(f"must be a list of {least}" + (f" to {most}" if most != least else ""))
    return tuple(single_value(entry, field) for entry in value)


def single_value(value: Any, field: Field) -> Any:
    """One JSON value in a field's type. Raises ValueError."""
    if field.type is FieldType.BOOLEAN:
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value
    if field.type is FieldType.NUMBER:
        return _number(value)
    if field.type is FieldType.STRING:
        return _text(value, field)
    return _moment(value) if field.type is FieldType.DATETIME else _day(value)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("must be a number")
    number = finite(value)
    if number is None or abs(number.adjusted()) > LONGEST_DIGITS:
        raise ValueError("must be a finite number of a sensible size")
    return number


def _text(value: Any, field: Field) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"must have at most {LONGEST_TEXT} characters")
    if field.choices and value not in field.choices:
        raise ValueError(f"must be one of {', '.join(field.choices[:20])}")
    return value


def _item(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= LONGEST_TEXT:
        return value
    if (number := finite(value)) is None:
        raise ValueError("must be short text, a number, true or false")
    return number


def _moment(value: Any) -> datetime:
    try:
        return aware(datetime.fromisoformat(value))
    except (ValueError, TypeError):
        raise ValueError("must be a time in ISO 8601, such as 2026-01-31T12:00:00Z") from None


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (ValueError, TypeError):
        raise ValueError("must be a date in ISO 8601, such as 2026-01-31") from None


_DURATION = re.compile(r"P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?", re.ASCII)


def _age(value: Any) -> timedelta:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a duration in ISO 8601, such as P3D or PT90M")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    age = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta() < age <= LONGEST_AGE:
        raise ValueError("must be a duration between a second and ten years")
    return age
