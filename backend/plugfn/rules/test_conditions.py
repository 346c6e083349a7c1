"""Conditions: what is refused on saving, and how they evaluate."""

import json
import time
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugfn.errors import InvalidParams
from plugfn.rules.conditions import OPS, Op, check, parse
from plugfn.rules.conftest import START, Ticket, ticket
from plugfn.rules.evaluation import Truth, evaluate
from plugfn.rules.fields import FieldType, catalogue, restored, stored, values_of

KNOWN = catalogue(Ticket)


def leaf(field: str, op: str, *value: Any) -> dict[str, Any]:
    return {"field": field, "op": op} | ({"value": value[0]} if value else {})


def problems(raw: Any) -> list[tuple[str, str]]:
    try:
        return [(found.field, found.reason) for found in check(parse(raw), KNOWN)]
    except InvalidParams as error:
        return [(found.field, found.reason) for found in error.problems]


def truth(raw: Any, now: datetime = START, **payload: Any) -> Truth:
    assert problems(raw) == []
    return evaluate(parse(raw), values_of(Ticket(**ticket(**payload)), KNOWN), KNOWN, now).truth


def test_the_catalogue_declares_nested_fields_types_and_choices_but_no_secret() -> None:
    types = {path: field.type for path, field in KNOWN.items()}
    assert types == {
        "id": FieldType.STRING,
        "title": FieldType.STRING,
        "amount": FieldType.NUMBER,
        "score": FieldType.NUMBER,
        "open": FieldType.BOOLEAN,
        "kind": FieldType.STRING,
        "opened_at": FieldType.DATETIME,
        "due": FieldType.DATE,
        "labels": FieldType.LIST,
        "author": FieldType.OBJECT,
        "author.name": FieldType.STRING,
        "author.email": FieldType.STRING,
        "tags": FieldType.LIST,
        "tags.name": FieldType.LIST,
        "extra": FieldType.OBJECT,
    }
    assert KNOWN["kind"].choices == ("bug", "wish")
    assert KNOWN["kind"].safe
    assert not KNOWN["author.name"].safe


def nested(levels: int) -> dict[str, Any]:
    tree = leaf("open", "eq", True)
    for _ in range(levels - 1):
        tree = {"not": tree}
    return tree


REFUSED = [
    ("text", "conditions", "must be an object"),
    (None, "conditions", "must be an object"),
    ([], "conditions", "must be an object"),
    ({}, "conditions", "exactly one of"),
    ({"all": [], "any": []}, "conditions", "exactly one of"),
    ({"all": []}, "conditions", "1 to 50"),
    ({"all": {}}, "conditions", "1 to 50"),
    ({"all": [leaf("open", "eq", True)] * 51}, "conditions", "1 to 50"),
    ({"any": [{"all": [leaf("open", "eq", True)] * 26}] * 2}, "conditions", "more than 50 leaves"),
    ({"all": [leaf("open", "eq", True)], "note": 1}, "conditions", 'more than "all"'),
    (nested(6), "conditions.not.not.not.not.not", "deeper than 5"),
    (nested(5000), "conditions.not.not.not.not.not", "deeper than 5"),
    (leaf("open", "matches", ".*"), "conditions.op", "Input should be"),
    (leaf("open", "eq", True) | {"code": "1"}, "conditions.code", "not permitted"),
    ({"all": [leaf("titel", "eq", "x")]}, "conditions.all.0.field", "did you mean 'title'?"),
    (leaf("author.__class__", "eq", "x"), "conditions.field", "no such field"),
    (leaf("author.token", "exists"), "conditions.field", "no such field"),
    (leaf("x" * 201, "exists"), "conditions.field", "at most 200"),
    (leaf("title", "gt", "x"), "conditions.op", "does not fit the type string"),
    (leaf("labels", "eq", "x"), "conditions.op", "does not fit the type list"),
    (leaf("author", "eq", "x"), "conditions.op", "does not fit the type object"),
    (leaf("title", "eq", 1), "conditions.value", "must be text"),
    (leaf("title", "eq"), "conditions.value", "must be text"),
    (leaf("title", "eq", "x" * 1001), "conditions.value", "at most 1000"),
    (leaf("title", "in", "x"), "conditions.value", "must be a list"),
    (leaf("title", "in", []), "conditions.value", "must be a list"),
    (leaf("title", "in", ["x"] * 101), "conditions.value", "must be a list"),
    (leaf("title", "exists", True), "conditions.value", "takes no value"),
    (leaf("kind", "eq", "bugs"), "conditions.value", "must be one of bug, wish"),
    (leaf("amount", "gt", "1"), "conditions.value", "must be a number"),
    (leaf("amount", "gt", True), "conditions.value", "must be a number"),
    (leaf("amount", "gt", float("nan")), "conditions.value", "finite"),
    (leaf("amount", "gt", 10**5000), "conditions.value", "sensible"),
    (leaf("amount", "between", [2, 1]), "conditions.value", "must not be greater"),
    (leaf("amount", "between", [1]), "conditions.value", "list of 2"),
    (leaf("open", "eq", "true"), "conditions.value", "true or false"),
    (leaf("opened_at", "gt", "yesterday"), "conditions.value", "ISO 8601"),
    (leaf("due", "gt", "2026-02-30"), "conditions.value", "ISO 8601"),
    (leaf("opened_at", "older_than", "3 days"), "conditions.value", "duration"),
    (leaf("opened_at", "older_than", "P"), "conditions.value", "between a second"),
    (leaf("opened_at", "older_than", "P99999D"), "conditions.value", "ten years"),
    (leaf("labels", "contains", {"a": 1}), "conditions.value", "must be short text"),
]


@pytest.mark.parametrize(("raw", "at", "reason"), REFUSED)
def test_an_invalid_tree_is_refused_with_its_path(raw: Any, at: str, reason: str) -> None:
    found = problems(raw)
    assert found
    assert found[0][0] == at
    assert reason in found[0][1]


def test_all_problems_are_reported_together() -> None:
    raw = {"any": [leaf("titel", "exists"), {"not": leaf("amount", "gt", "1")}, leaf("open", "contains", "x")]}
    assert [at for at, _ in problems(raw)] == [
        "conditions.any.0.field",
        "conditions.any.1.not.value",
        "conditions.any.2.op",
    ]


def test_no_problem_repeats_a_wrong_value() -> None:
    assert "4111" not in str(problems(leaf("title", "in", "4111-1111")))


HOLDS = [
    (leaf("title", "eq", "It broke"), True),
    (leaf("title", "eq", "it broke"), False),
    (leaf("title", "ne", "x"), True),
    (leaf("title", "in", ["a", "It broke"]), True),
    (leaf("title", "not_in", ["a", "It broke"]), False),
    (leaf("title", "contains", "BROKE"), True),
    (leaf("title", "starts_with", "it "), True),
    (leaf("title", "starts_with", "broke"), False),
    (leaf("title", "exists"), True),
    (leaf("author.email", "exists"), False),
    (leaf("author.email", "is_empty"), True),
    (leaf("labels", "is_empty"), False),
    (leaf("labels", "contains", "urgent"), True),
    (leaf("labels", "contains", "urg"), False),
    (leaf("tags.name", "contains", "bug"), True),
    (leaf("tags.name", "contains", "bu"), False),
    (leaf("amount", "eq", 10.1), True),
    (leaf("amount", "gt", 10), True),
    (leaf("amount", "lte", 10.0), False),
    (leaf("amount", "between", [10.1, 11]), True),
    (leaf("amount", "in", [1, 10.1]), True),
    (leaf("open", "eq", False), False),
    (leaf("kind", "eq", "bug"), True),
    (leaf("opened_at", "older_than", "PT1H"), True),
    (leaf("opened_at", "older_than", "P1D"), False),
    (leaf("opened_at", "newer_than", "P1D"), True),
    (leaf("opened_at", "lt", "2026-03-01"), False),
    (leaf("opened_at", "between", ["2026-03-01T07:00:00-03:00", "2026-03-01T10:00:00Z"]), True),
    (leaf("due", "eq", "2026-03-05"), True),
    (leaf("due", "newer_than", "PT1S"), True),
    ({"all": [leaf("open", "eq", True), leaf("kind", "eq", "wish")]}, False),
    ({"any": [leaf("open", "eq", True), leaf("kind", "eq", "wish")]}, True),
    ({"not": leaf("kind", "eq", "wish")}, True),
]


@pytest.mark.parametrize(("raw", "holds"), HOLDS)
def test_every_operator_gives_its_result(raw: Any, holds: bool) -> None:
    found = truth(
        raw,
        amount="10.10",
        labels=["urgent"],
        tags=[{"name": "wish"}, {"name": "bug"}],
        opened_at=datetime(2026, 3, 1, 10, 0),
        due=date(2026, 3, 5),
    )
    assert found is (Truth.TRUE if holds else Truth.FALSE)


def test_the_table_above_has_every_operator() -> None:
    assert {raw["op"] for raw, _ in HOLDS if "op" in raw} == set(Op) - {Op.GTE}


MISSING = leaf("amount", "gt", 1)
HERE = leaf("open", "eq", True)
NOT_HERE = leaf("open", "eq", False)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (MISSING, Truth.UNKNOWN),
        ({"not": MISSING}, Truth.UNKNOWN),
        (leaf("amount", "ne", 1), Truth.UNKNOWN),
        ({"all": [HERE, MISSING]}, Truth.UNKNOWN),
        ({"all": [NOT_HERE, MISSING]}, Truth.FALSE),
        ({"any": [HERE, MISSING]}, Truth.TRUE),
        ({"any": [NOT_HERE, MISSING]}, Truth.UNKNOWN),
        ({"not": {"all": [NOT_HERE, MISSING]}}, Truth.TRUE),
    ],
)
def test_a_missing_field_is_unknown_and_does_not_hold(raw: Any, expected: Truth) -> None:
    verdict = evaluate(parse(raw), values_of(Ticket(**ticket()), KNOWN), KNOWN, START)
    assert verdict.truth is expected
    assert verdict.holds is (expected is Truth.TRUE)


def test_missing_conditions_always_hold() -> None:
    assert evaluate(None, {}, KNOWN, START).holds


def test_the_trace_explains_every_leaf_and_shows_no_personal_value() -> None:
    raw = {"any": [leaf("author.name", "eq", "Ana"), leaf("kind", "eq", "bug"), leaf("amount", "gt", 5), HERE]}
    values = values_of(Ticket(**ticket(author={"name": "Maria Prado"}, labels=["a"])), KNOWN)
    trace = evaluate(parse(raw), values, KNOWN, START).trace
    assert [asked.model_dump(mode="json") for asked in trace] == [
        {
            "path": "conditions.any.0",
            "field": "author.name",
            "op": "eq",
            "expected": "Ana",
            "actual": {"type": "string", "length": 11},
            "result": "false",
        },
        {
            "path": "conditions.any.1",
            "field": "kind",
            "op": "eq",
            "expected": "bug",
            "actual": {"type": "string", "length": 3, "value": "bug"},
            "result": "true",
        },
        {
            "path": "conditions.any.2",
            "field": "amount",
            "op": "gt",
            "expected": 5,
            "actual": {"type": "missing"},
            "result": "unknown",
        },
        {
            "path": "conditions.any.3",
            "field": "open",
            "op": "eq",
            "expected": True,
            "actual": {"type": "boolean", "value": True},
            "result": "true",
        },
    ]
    assert "Prado" not in repr(trace)


def test_a_field_that_is_no_longer_declared_is_unknown() -> None:
    tree = parse({"not": leaf("gone", "eq", 1)})
    assert evaluate(tree, {"gone": 2}, KNOWN, START).truth is Truth.UNKNOWN


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from([*KNOWN, "nothing", ""])
ANY_LEAF = st.builds(leaf, NAMES, st.sampled_from([*Op, "x"]), JSON)


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
            st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
            st.builds(lambda part: {"not": part}, inner),
        ),
        max_leaves=12,
    )


@given(trees(ANY_LEAF | JSON))
@settings(max_examples=150, deadline=None)
def test_any_json_is_accepted_or_refused(raw: Any) -> None:
    try:
        tree = parse(raw)
    except InvalidParams as error:
        assert error.problems  # noqa: PT017
        return
    check(tree, KNOWN)
    assert parse(tree) == tree


def fitting(field: str) -> st.SearchStrategy[Any]:
    values = {
        FieldType.STRING: st.sampled_from(["a", "bug"]),
        FieldType.NUMBER: st.integers(-3, 3) | st.sampled_from([0.1, 2.5]),
        FieldType.BOOLEAN: st.booleans(),
        FieldType.DATETIME: st.sampled_from(["2026-03-01", "2020-01-01T00:00:00+14:00"]),
        FieldType.DATE: st.sampled_from(["2026-03-01", "0001-01-01"]),
        FieldType.LIST: st.sampled_from(["a", 1, True]),
    }
    if field == "kind":
        values[FieldType.STRING] = st.sampled_from(["bug", "wish"])
    one = values.get(KNOWN[field].type, st.none())

    def asked(op: Op) -> st.SearchStrategy[Any]:
        if op in (Op.EXISTS, Op.IS_EMPTY):
            return st.just(leaf(field, op))
        if op in (Op.OLDER_THAN, Op.NEWER_THAN):
            return st.sampled_from(["P1D", "PT5S", "P3650D"]).map(lambda value: leaf(field, op, value))
        if op is Op.BETWEEN:
            return one.map(lambda value: leaf(field, op, [value, value]))
        if op in (Op.IN, Op.NOT_IN):
            return st.lists(one, min_size=1, max_size=3).map(lambda value: leaf(field, op, value))
        return one.map(lambda value: leaf(field, op, value))

    return st.sampled_from(OPS[KNOWN[field].type]).flatmap(asked)


GOOD_LEAF = st.sampled_from(sorted(KNOWN)).flatmap(fitting)
PAYLOAD = st.fixed_dictionaries(
    {"title": st.text(max_size=5)},
    optional={
        "amount": st.decimals(),
        "score": st.floats(),
        "open": st.booleans(),
        "opened_at": st.datetimes(timezones=st.none() | st.just(UTC)),
        "due": st.dates(),
        "labels": st.lists(st.text(max_size=3), max_size=3),
        "author": st.none() | st.fixed_dictionaries({"name": st.text(max_size=5)}),
        "extra": st.dictionaries(st.text(max_size=3), JSON, max_size=3),
    },
).map(lambda payload: values_of(Ticket.model_construct(**{"id": "x", **payload}), KNOWN))


@given(GOOD_LEAF, PAYLOAD)
@settings(max_examples=200, deadline=None)
def test_a_checked_leaf_never_raises(raw: Any, values: dict[str, Any]) -> None:
    tree = parse(raw)
    assert check(tree, KNOWN) == []
    verdict = evaluate(tree, values, KNOWN, START)
    assert verdict == evaluate(parse(tree.model_dump(exclude_unset=True)), values, KNOWN, START)


@given(st.lists(GOOD_LEAF, min_size=1, max_size=4), PAYLOAD)
@settings(max_examples=100, deadline=None)
def test_de_morgan_holds_for_unknown_values_too(parts: list[Any], values: dict[str, Any]) -> None:
    def gives(raw: Any) -> Truth:
        return evaluate(parse(raw), values, KNOWN, START).truth

    negated = [{"not": part} for part in parts]
    assert gives({"not": {"all": parts}}) is gives({"any": negated})
    assert gives({"not": {"any": parts}}) is gives({"all": negated})
    assert gives({"not": {"not": parts[0]}}) is gives(parts[0])


@given(PAYLOAD)
@settings(max_examples=100, deadline=None)
def test_values_survive_being_stored(values: dict[str, Any]) -> None:

    kept = json.loads(json.dumps(stored(values)))
    back = restored(kept, KNOWN)
    assert stored(back) == stored(values)


def test_fifty_leaves_over_a_megabyte_are_evaluated_in_time() -> None:
    values = {"title": "a" * 1_000_000, "amount": Decimal("1e999999"), "labels": ["a" * 1000] * 1000}
    raw = {"any": [leaf("title", "contains", "a" * 999 + "b")] * 25 + [leaf("labels", "contains", "b")] * 25}
    began = time.perf_counter()
    assert evaluate(parse(raw), values, KNOWN, START).truth is Truth.FALSE
    assert time.perf_counter() - began < 2


class Zoneless(tzinfo):
    """A zone without an offset: a time with it is naive although it has a zone."""

    def utcoffset(self, moment: datetime | None) -> None:
        return None


NEW_YORK = ZoneInfo("America/New_York")
# One instant, half past six in UTC: the second half past one of the night in which New York's clocks go back.
SAME = [
    "2026-11-01T06:30:00Z",
    "2026-11-01T06:30:00",
    "2026-11-01T01:30:00-05:00",
    1_793_514_600,
    datetime(2026, 11, 1, 6, 30),  # as a vendor may give it
    datetime(2026, 11, 1, 6, 30, tzinfo=Zoneless()),
    datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=1),
]


@pytest.mark.parametrize("now_in", [UTC, NEW_YORK, ZoneInfo("America/Sao_Paulo"), timezone(timedelta(hours=14)), None])
@pytest.mark.parametrize("moment", SAME)
def test_equal_instants_are_equal_in_every_time_zone(moment: Any, now_in: tzinfo | None) -> None:
    now = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
    now = now.replace(tzinfo=None) if now_in is None else now.astimezone(now_in)
    asked = {
        ("older_than", "PT1H29M"): True,
        ("older_than", "PT1H31M"): False,
        ("newer_than", "PT1H30M"): True,
        ("newer_than", "PT1H29M"): False,
        ("eq", "2026-11-01T06:30:00Z"): True,
        ("ne", "2026-11-01T06:30:00Z"): False,
        ("gt", "2026-11-01T05:30:00Z"): True,
        ("lt", "2026-11-01T01:30:01-05:00"): True,
    }
    for (op, value), holds in asked.items():
        found = truth(leaf("opened_at", op, value), now, opened_at=moment)
        assert found is (Truth.TRUE if holds else Truth.FALSE), (op, value)


@pytest.mark.parametrize(
    ("opened_at", "hours"),
    [
        (datetime(2026, 10, 31, 12, 0, tzinfo=NEW_YORK), 25),  # the clocks go back: a day of 25 hours
        (datetime(2026, 3, 7, 12, 0, tzinfo=NEW_YORK), 23),  # and one of 23
    ],
)
def test_an_age_is_elapsed_time_and_not_clock_time(opened_at: datetime, hours: int) -> None:
    noon_after = opened_at + timedelta(days=1)
    assert truth(leaf("opened_at", "older_than", f"PT{hours - 1}H59M"), noon_after, opened_at=opened_at) is Truth.TRUE
    assert truth(leaf("opened_at", "older_than", f"PT{hours}H"), noon_after, opened_at=opened_at) is Truth.FALSE
    assert truth(leaf("opened_at", "newer_than", f"PT{hours}H"), noon_after, opened_at=opened_at) is Truth.TRUE


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00"])
def test_the_earliest_and_the_latest_time_can_be_compared(moment: str) -> None:
    for op, value in (("older_than", "P1D"), ("gt", "2026-01-01T00:00:00Z"), ("eq", "2026-01-01T00:00:00Z")):
        assert truth(leaf("opened_at", op, value), opened_at=moment) is not Truth.UNKNOWN


def test_the_age_of_a_date_counts_from_its_beginning_in_utc() -> None:
    asked = leaf("due", "older_than", "P1D")
    assert truth(asked, datetime(2026, 3, 2, 0, 0, 0, tzinfo=UTC), due="2026-03-01") is Truth.FALSE
    assert (
        truth(asked, datetime(2026, 3, 1, 21, 0, 1, tzinfo=ZoneInfo("America/Sao_Paulo")), due="2026-03-01")
        is Truth.TRUE
    )
