"""Each operator just below, at and just above its boundary, and values that Python takes for equal."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from plugfn.rules.conditions import LONGEST_TEXT, MOST_LEAVES, MOST_VALUES, parse
from plugfn.rules.conftest import START
from plugfn.rules.evaluation import Truth, evaluate, is_empty
from plugfn.rules.test_conditions import KNOWN, leaf, problems

BOUNDARIES = {
    "eq": (False, True, False),
    "ne": (True, False, True),
    "gt": (False, False, True),
    "gte": (False, True, True),
    "lt": (True, False, False),
    "lte": (True, True, False),
}
SECOND = timedelta(seconds=1)


def truth(raw: dict[str, Any], field: str, value: Any, now: datetime = START) -> Truth:
    return evaluate(parse(raw), {field: value}, KNOWN, now).truth


def holds(raw: dict[str, Any], field: str, value: Any) -> bool:
    found = truth(raw, field, value)
    assert found is not Truth.UNKNOWN
    return found is Truth.TRUE


@pytest.mark.parametrize("op", BOUNDARIES)
@pytest.mark.parametrize(
    ("field", "value", "around"),
    [
        ("amount", 10, (Decimal("9.99"), Decimal("10.00"), Decimal("10.01"))),
        ("score", 0.1, (0.09, 0.1, 0.11)),
        ("opened_at", START.isoformat(), (START - SECOND, START, START + SECOND)),
        ("due", "2026-03-05", (date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 6))),
    ],
)
def test_an_order_below_at_and_above_its_value(op: str, field: str, value: Any, around: tuple[Any, ...]) -> None:
    assert tuple(holds(leaf(field, op, value), field, each) for each in around) == BOUNDARIES[op]


def test_between_includes_both_its_ends() -> None:
    amounts = ["0.99", "1", "1.5", "2", "2.01"]
    found = [holds(leaf("amount", "between", [1, 2]), "amount", Decimal(amount)) for amount in amounts]
    assert found == [False, True, True, True, False]
    assert problems(leaf("amount", "between", [2, 2])) == []


@pytest.mark.parametrize(
    ("age", "older", "newer"),
    [
        (timedelta(hours=2) - SECOND, False, True),
        (timedelta(hours=2), False, True),
        (timedelta(hours=2) + SECOND, True, False),
        (-timedelta(days=1), False, True),
    ],
)
def test_an_age_of_exactly_the_duration_is_not_older(age: timedelta, older: bool, newer: bool) -> None:
    assert holds(leaf("opened_at", "older_than", "PT2H"), "opened_at", START - age) is older
    assert holds(leaf("opened_at", "newer_than", "PT2H"), "opened_at", START - age) is newer


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("P1W", 604_800), ("P1D", 86_400), ("PT1H", 3_600), ("PT1M", 60), ("PT1S", 1), ("P1W1DT1H1M1S", 694_861)],
)
def test_each_part_of_a_duration_counts(duration: str, seconds: int) -> None:
    raw = leaf("opened_at", "newer_than", duration)
    assert holds(raw, "opened_at", START - timedelta(seconds=seconds))
    assert not holds(raw, "opened_at", START - timedelta(seconds=seconds + 1))


ALIKE = [True, 1, "1", False, 0, "", "0", "true"]
"""Values of which Python takes some for equal: True and 1, False and 0."""


@pytest.mark.parametrize("wanted", ALIKE)
def test_a_list_contains_a_value_only_of_its_own_type(wanted: Any) -> None:
    for item in ALIKE:
        same = type(item) is type(wanted) and item == wanted
        assert holds(leaf("labels", "contains", wanted), "labels", ["x", item]) is same, item


def test_a_list_contains_a_number_however_it_is_written() -> None:
    for item in (1, 1.0, Decimal("1.00")):
        assert holds(leaf("labels", "contains", 1), "labels", [item])
    assert not holds(leaf("labels", "contains", 1), "labels", [float("nan"), None, 10, {"a": 1}, [1]])


@pytest.mark.parametrize("number", [True, False, 1, 0])
def test_a_boolean_is_no_number_and_a_number_no_boolean(number: Any) -> None:
    assert (problems(leaf("open", "eq", number)) == []) is (type(number) is bool)
    assert (problems(leaf("amount", "in", [number])) == []) is (type(number) is int)
    assert (truth(leaf("amount", "eq", 1), "amount", number) is Truth.UNKNOWN) is (type(number) is bool)


def test_in_and_not_in_are_opposites() -> None:
    for title, inside in (("a", True), ("b", True), ("c", False), ("A", False), ("", False)):
        assert holds(leaf("title", "in", ["a", "b"]), "title", title) is inside
        assert holds(leaf("title", "not_in", ["a", "b"]), "title", title) is not inside


def test_contains_and_starts_with_ignore_the_case_of_both_sides() -> None:
    for actual, wanted in (("STRASSE 5", "straße"), ("straße 5", "STRASSE"), ("ÁGUA", "água"), ("água", "ÁGUA")):
        assert holds(leaf("title", "contains", wanted), "title", f"x {actual}")
        assert holds(leaf("title", "starts_with", wanted), "title", actual)
        assert not holds(leaf("title", "starts_with", wanted), "title", f"x {actual}")


@pytest.mark.parametrize(
    ("value", "empty"),
    [(None, True), ("", True), (" \t\n", True), ([], True), ({}, True), (0, False), (False, False), ("0", False),
     ([""], False), ({"a": None}, False)],
)  # fmt: skip
def test_zero_and_false_are_not_empty(value: Any, empty: bool) -> None:
    assert is_empty(value) is empty


def test_the_limits_allow_what_they_say() -> None:
    assert problems(leaf("title", "eq", "x" * LONGEST_TEXT)) == []
    assert problems(leaf("title", "in", ["x"] * MOST_VALUES)) == []
    assert problems(leaf("labels", "contains", "x" * LONGEST_TEXT)) == []
    assert problems({"all": [leaf("open", "exists")] * MOST_LEAVES}) == []
    assert problems({"any": [{"all": [leaf("open", "exists")] * 25}] * 2}) == []
    assert problems({"not": {"not": {"not": {"not": leaf("open", "exists")}}}}) == []
    assert problems(leaf("labels", "contains", "x" * (LONGEST_TEXT + 1))) != []
    assert problems(leaf("opened_at", "older_than", "P3660D")) == []
    assert problems(leaf("opened_at", "older_than", "P3661D")) != []
    assert problems(leaf("opened_at", "older_than", "PT0S")) != []
    assert problems(leaf("amount", "gt", 10**40)) == []
    assert problems(leaf("amount", "gt", 10**41)) != []


def test_a_value_of_the_wrong_type_is_unknown() -> None:
    for field, value in (("amount", "10"), ("labels", "x"), ("opened_at", "now"), ("amount", float("inf"))):
        op, wanted = ("contains", "x") if field == "labels" else ("eq", 1 if field == "amount" else START.isoformat())
        assert truth(leaf(field, op, wanted), field, value) is Truth.UNKNOWN
