"""A step's parameters: placeholders inside a tree, checked against the action's model."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import Field

from plugfn.errors import InvalidParams
from plugfn.mail.send import SendEmail
from plugfn.models import Model
from plugfn.providers.slack.actions import MessagePost
from plugfn.rules.conftest import Send, Ticket
from plugfn.rules.fields import catalogue
from plugfn.rules.formats import Style
from plugfn.rules.params import check, render, size_problem

KNOWN = catalogue(Ticket)
WHEN = datetime(2026, 3, 1, tzinfo=UTC)
VALUES: dict[str, Any] = {"title": "a <b>", "amount": 5, "labels": ["x"], "opened_at": WHEN, "open": True}


def filled(params: dict[str, Any]) -> dict[str, Any]:
    return render(params, Send, VALUES, Style())


def problems(params: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in check(params, Send, KNOWN, Style())]


def test_a_lone_placeholder_keeps_its_type_unless_text_is_wanted() -> None:
    params = {
        "text": "{{ amount }}",
        "number": "{{ amount }}",
        "labels": "{{ labels }}",
        "when": "{{ opened_at }}",
        "urgent": "{{ open }}",
    }
    assert problems(params) == []
    assert filled(params) == {"text": "5", "number": 5, "labels": ["x"], "when": WHEN, "urgent": True}


def test_placeholders_in_lists_are_filled_and_other_values_stay() -> None:
    params = {"text": "t", "labels": ["{{ title }}", "{{ amount }}"], "urgent": True}
    assert filled(params) == {"text": "t", "labels": ["a <b>", "5"], "urgent": True}


def test_a_parameter_is_escaped_as_its_model_says() -> None:
    assert filled({"text": "{{ title }}", "html": "<i>{{ title }}</i>"}) == {
        "text": "a <b>",
        "html": "<i>a &lt;b&gt;</i>",
    }


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({}, "text: Field required"),
        ({"text": "x", "texxt": "y"}, "texxt: Extra inputs are not permitted"),
        ({"text": 5}, "text: Input should be a valid string"),
        ({"text": ""}, "text: String should have at least 1 character"),
        ({"text": "{{ titel }}"}, "text: titel: no such field: did you mean 'title'?"),
        ({"text": "x", "number": "many"}, "number: Input should be a valid integer"),
        ({"text": "x", "labels": ["a", "{{ nothing }}"]}, "labels.1: nothing: no such field"),
        ({"text": "x", "labels": "{{ title }}"}, "labels: Input should be a valid list"),
        ({"text": "x", "urgent": "{{ labels }}"}, "urgent: Input should be a valid boolean"),
        ({"text": "{{ labels }}"}, "text: labels is a list"),
    ],
)
def test_what_the_action_would_refuse_is_reported_on_saving(params: dict[str, Any], problem: str) -> None:
    found = problems(params)
    assert found
    assert found[0].startswith(problem)


def test_problems_of_real_values_are_left_to_the_run() -> None:
    assert problems({"text": "x", "when": "{{ title }}", "number": "{{ title }}"}) == []


def test_all_missing_values_of_a_run_are_reported_together() -> None:
    with pytest.raises(InvalidParams) as raised:
        render({"text": "{{ author.name }}", "labels": ["{{ id }}"]}, Send, VALUES, Style())
    assert [problem.field for problem in raised.value.problems] == ["text", "labels.0"]


def deep(levels: int) -> Any:
    tree: Any = "x"
    for _ in range(levels):
        tree = [tree]
    return tree


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        (deep(7), ""),
        (deep(8), "nested deeper"),
        (deep(10_000), "nested deeper"),
        (["x"] * 1000, "more than 1000 parts"),
        ({"a": object()}, "must be JSON"),
        ({"a": float("inf")}, "must be JSON"),
        ({1: "a"}, "must be JSON"),
        ({"k" * 201: 1}, "must be JSON"),
        ({"a": 10**5000}, "must be JSON"),
        (["x" * 100_000] * 3, "more than 200000 characters"),
    ],
)
def test_the_size_of_parameters_is_limited(tree: Any, reason: str) -> None:
    found = size_problem(tree)
    assert reason in found
    assert bool(reason) is bool(found)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"text": "*{{ title }}*"}, {"text": "*a &lt;b&gt;*"}),
        ({"text": "*{{ title }}*", "plain": True}, {"text": "*a <b>*", "plain": True}),
        ({"text": "*{{ title }}*", "plain": False}, {"text": "*a &lt;b&gt;*", "plain": False}),
        ({"blocks": [{"text": {"text": "{{ title }}"}}]}, {"blocks": [{"text": {"text": "a &lt;b&gt;"}}]}),
    ],
)
def test_a_value_cannot_make_a_mention_in_slack(params: dict[str, Any], expected: dict[str, Any]) -> None:
    assert render(params, MessagePost, VALUES, Style()) == expected


def test_a_value_cannot_add_markup_to_an_e_mail() -> None:
    params = {"to": ["a@example.com"], "subject": "{{ title }}", "text": "{{ title }}", "html": "<p>{{ title }}</p>"}
    found = render(params, SendEmail, VALUES, Style())
    assert found == params | {"subject": "a <b>", "text": "a <b>", "html": "<p>a &lt;b&gt;</p>"}


def test_the_total_size_of_parameters_is_limited() -> None:
    with pytest.raises(InvalidParams):
        render({"labels": ["{{ title }}"] * 12}, Send, {"title": "x" * 99_000}, Style())


class Ask(Model):
    sql: str = Field(json_schema_extra={"no_placeholders": "put them into `values`"})
    values: list[str] = []
    parts: list[dict[str, str]] = Field(default=[], json_schema_extra={"no_placeholders": "put them into `values`"})


@pytest.mark.parametrize(
    "params", [{"sql": "x = {{ title }}"}, {"sql": "{{"}, {"sql": "", "parts": [{"a": "{{ id }}"}]}]
)
def test_a_parameter_that_is_code_refuses_placeholders_on_saving_and_in_a_run(params: dict[str, Any]) -> None:
    (problem,) = check(params, Ask, KNOWN, Style())
    assert problem.reason.startswith("must not have placeholders, because values would become code: put them")
    with pytest.raises(InvalidParams) as raised:
        render(params, Ask, VALUES, Style())
    assert [one.field for one in raised.value.problems] == [problem.field]


def test_values_beside_a_parameter_that_is_code_may_have_placeholders() -> None:
    assert render({"sql": "x = $1", "values": ["{{ title }}"]}, Ask, VALUES, Style())["values"] == ["a <b>"]
