"""Evaluates conditions for an event: true, false or unknown, and why. A pure function of values and a time.

A missing field makes every operator unknown, except `exists` and `is_empty`. Unknown follows Kleene's logic: not
unknown is unknown; all is false if any part is false, else unknown if any part is; any is true if any part is
true, else unknown if any part is. An unknown tree does not hold. So nothing is ever done because something
is missing, and `not` cannot turn a missing field into a reason to act.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_jsonable_python

from plugfn.rules.conditions import All, Condition, Leaf, Not, Op, operand
from plugfn.rules.fields import Catalogue, Field, FieldType, Values, aware, finite


class Truth(StrEnum):
    """Three values."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class TraceEntry(BaseModel):
    """The result of one leaf."""

    model_config = ConfigDict(frozen=True)

    path: str
    """The leaf's place in the tree, such as "conditions.all.0"."""
    field: str
    op: Op
    expected: Any
    """The value, as the author wrote it."""
    actual: dict[str, Any]
    """Its type, and the length of text and lists. The value itself only if its field is declared safe."""
    result: Truth


@dataclass(frozen=True)
class Verdict:
    """The result of a tree."""

    truth: Truth
    trace: tuple[TraceEntry, ...]

    @property
    def holds(self) -> bool:
        """Whether to act on it."""
        return self.truth is Truth.TRUE


def evaluate(tree: Condition | None, values: Values, known: Catalogue, now: datetime) -> Verdict:
    """Evaluate every leaf, even if another one already decides. A missing tree always holds. Never raises."""
    trace: list[TraceEntry] = []
    truth = Truth.TRUE if tree is None else _truth(tree, "conditions", values, known, aware(now), trace)
    return Verdict(truth, tuple(trace))


def _truth(tree: Condition, at: str, values: Values, known: Catalogue, now: datetime, trace: list[TraceEntry]) -> Truth:
    if isinstance(tree, Leaf):
        entry = _evaluate_leaf(tree, at, values, known, now)
        trace.append(entry)
        return entry.result
    if isinstance(tree, Not):
        return _OPPOSITE[_truth(tree.inner, f"{at}.not", values, known, now, trace)]
    kind, parts, decisive = ("all", tree.all, Truth.FALSE) if isinstance(tree, All) else ("any", tree.any, Truth.TRUE)
    results = [_truth(part, f"{at}.{kind}.{index}", values, known, now, trace) for index, part in enumerate(parts)]
    if decisive in results:
        return decisive
    return Truth.UNKNOWN if Truth.UNKNOWN in results else _OPPOSITE[decisive]


_OPPOSITE = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.UNKNOWN: Truth.UNKNOWN}


def _evaluate_leaf(leaf: Leaf, at: str, values: Values, known: Catalogue, now: datetime) -> TraceEntry:
    field = known.get(leaf.field)
    actual = None if field is None else values.get(leaf.field)
    return TraceEntry(
        path=at,
        field=leaf.field,
        op=leaf.op,
        expected=leaf.value,
        actual=_trace_value(field, actual),
        result=_answer(leaf, field, actual, now),
    )


def _trace_value(field: Field | None, actual: Any) -> dict[str, Any]:
    if field is None or actual is None:
        return {"type": "missing"}
    shown: dict[str, Any] = {"type": str(field.type)}
    if isinstance(actual, (str, list, dict)):
        shown["length"] = len(actual)
    if field.safe:
        shown["value"] = to_jsonable_python(actual, fallback=str, inf_nan_mode="strings")
    return shown


def _answer(leaf: Leaf, field: Field | None, actual: Any, now: datetime) -> Truth:
    if field is None:
        return Truth.UNKNOWN
    if leaf.op is Op.EXISTS:
        return _truth_of(actual is not None)
    if leaf.op is Op.IS_EMPTY:
        return _truth_of(is_empty(actual))
    if actual is None or (comparable := _comparable(field, actual)) is None:
        return Truth.UNKNOWN
    try:
        return _truth_of(_OPERATORS[leaf.op](comparable, operand(leaf, field), now))
    except (ValueError, TypeError, ArithmeticError, KeyError):
        # The condition was valid when it was saved; the provider has changed its fields since.
        return Truth.UNKNOWN


def _truth_of(holds: bool) -> Truth:
    return Truth.TRUE if holds else Truth.FALSE


def is_empty(value: Any) -> bool:
    """Missing, blank text, an empty list or an empty object. Zero and false are not empty."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, (list, dict)) and not value)


def _comparable(field: Field, actual: Any) -> Any:
    if field.type is FieldType.NUMBER:
        return finite(actual)
    if field.type is FieldType.LIST:
        return [item if finite(item) is None else finite(item) for item in actual] if isinstance(actual, list) else None
    if field.type is FieldType.DATETIME:
        return aware(actual) if isinstance(actual, date) else None
    return actual


def _contains(actual: Any, wanted: Any, now: datetime) -> bool:
    if isinstance(actual, str):
        return str(wanted).casefold() in actual.casefold()
    return any(type(item) is type(wanted) and item == wanted for item in actual)


def _starts_with(actual: str, wanted: str, now: datetime) -> bool:
    # Case folding can lengthen text, but it keeps prefixes.
    return actual.casefold().startswith(wanted.casefold())


_OPERATORS: Mapping[Op, Callable[[Any, Any, datetime], bool]] = {
    Op.EQ: lambda actual, wanted, now: bool(actual == wanted),
    Op.NE: lambda actual, wanted, now: bool(actual != wanted),
    Op.IN: lambda actual, wanted, now: actual in wanted,
    Op.NOT_IN: lambda actual, wanted, now: actual not in wanted,
    Op.CONTAINS: _contains,
    Op.STARTS_WITH: _starts_with,
    Op.GT: lambda actual, wanted, now: bool(actual > wanted),
    Op.GTE: lambda actual, wanted, now: bool(actual >= wanted),
    Op.LT: lambda actual, wanted, now: bool(actual < wanted),
    Op.LTE: lambda actual, wanted, now: bool(actual <= wanted),
    Op.BETWEEN: lambda actual, wanted, now: bool(wanted[0] <= actual <= wanted[1]),
    Op.OLDER_THAN: lambda actual, wanted, now: now - aware(actual) > wanted,
    Op.NEWER_THAN: lambda actual, wanted, now: now - aware(actual) <= wanted,
}
