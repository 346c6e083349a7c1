"""Templates: what is refused on saving, what they become, and that inserted values are never parsed."""

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugfn.errors import InvalidParams
from plugfn.rules.conftest import Ticket
from plugfn.rules.fields import catalogue
from plugfn.rules.formats import Style
from plugfn.rules.templates import (
    ESCAPES,
    LONGEST_RESULT,
    Placeholder,
    check,
    escape_slack,
    escape_whatsapp,
    parse,
    render,
    value,
)

KNOWN = catalogue(Ticket)
BRAZIL = Style("pt-BR", ZoneInfo("America/Sao_Paulo"))
VALUES: dict[str, Any] = {
    "title": "It broke",
    "amount": Decimal("1234567.5"),
    "score": 0.1,
    "open": True,
    "opened_at": datetime(2026, 3, 1, 2, 30, tzinfo=UTC),
    "due": date(2026, 3, 5),
    "labels": ["a"],
    "author.name": "MARIA DA SILVA",
}


def saved(source: str, whole: bool = False) -> list[str]:
    try:
        return check(parse(source), KNOWN, whole)
    except InvalidParams as error:
        return [problem.reason for problem in error.problems]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{", "names no field"),
        ("{{ }}", "names no field"),
        ("a {{ title", "is not of the form"),
        ("{{ title }", "is not of the form"),
        ("{{ title + 1 }}", "is not of the form"),
        ("{{ title() }}", "is not of the form"),
        ("{{ title[0] }}", "is not of the form"),
        ("{{ title|upper:bare }}", "is not of the form"),
        ("{% if title %}", ""),
        ("{{ {{ title }} }}", "names no field"),
        ("{{ titel }}", "titel: no such field: did you mean 'title'?"),
        ("{{ title.__class__ }}", "no such field"),
        ("{{ author.token }}", "no such field"),
        ("{{ title | uper }}", "no such filter: did you mean 'upper'?"),
        ('{{ title | upper:"x" }}', "takes no argument"),
        ("{{ title | default }}", "needs an argument"),
        ('{{ title | truncate:"0" }}', "number of characters"),
        ('{{ title | truncate:"9999999" }}', "number of characters"),
        ('{{ amount | currency:"reais" }}', "currency code"),
        ("{{ amount | currency }}", "currency code"),
        ("{{ amount | date }}", "cannot be used on a number"),
        ('{{ opened_at | date:"%A" }}', "may only have %d"),
        ('{{ opened_at | date:"%" }}', "may only have %d"),
        ('{{ open | currency:"BRL" }}', "cannot be used on a boolean"),
        ("of {{ labels }}", "is a list"),
        ("{{ labels | upper }}", "cannot be used on a list"),
        ("{{ author }}", "is a object"),
        ("x" * 20_001, "longer than"),
        ("{{ title }}" * 401, "more than 200 placeholders"),
        ("{{ title " + "| upper" * 9 + " }}", "more than 8 filters"),
    ],
)
def test_an_invalid_template_is_refused_on_saving(source: str, reason: str) -> None:
    found = saved(source)
    assert (not found) if not reason else reason in found[0]


@pytest.mark.parametrize(
    ("source", "english", "brazilian"),
    [
        ("no placeholder, a } and a {", None, None),
        ("{{title}}!", "It broke!", None),
        ("{{ title | upper }} {{ title|lower }}", "IT BROKE it broke", None),
        ("{{ author.name | first_name }}", "Maria", None),
        ('{{ author.email | default:"" }}.', ".", None),
        ('{{ author.email | upper | default:"no-one" | upper }}', "NO-ONE", None),
        ('{{ title | default:"x" }}', "It broke", None),
        ('{{ title | truncate:"5" }}', "It b…", None),
        ('{{ title | truncate:"8" }}', "It broke", None),
        ("{{ amount }} {{ score }} {{ open }}", "1234567.5 0.1 true", None),
        ('{{ amount | currency:"BRL" }}', "R$1,234,567.50", "R$\u00a01.234.567,50"),
        ('{{ amount | currency:"JPY" }}', "JPY\u00a01,234,568", "JPY\u00a01.234.568"),
        ("{{ opened_at }}", "2026-03-01T02:30:00+00:00", None),
        ("{{ opened_at | date }}", "2026-03-01 02:30", "28/02/2026 23:30"),
        ('{{ opened_at | date:"%d/%m %H:%M:%S %y %%" }}', "01/03 02:30:00 26 %", "28/02 23:30:00 26 %"),
        ("{{ due | date }}", "2026-03-05", "05/03/2026"),
    ],
)
def test_a_template_is_filled(source: str, english: str | None, brazilian: str | None) -> None:
    assert saved(source) == []
    expected = source if english is None else english
    assert render(parse(source), VALUES, Style()) == expected
    assert render(parse(source), VALUES, BRAZIL) == (brazilian or expected)


@pytest.mark.parametrize(
    ("source", "given", "reason"),
    [
        ("{{ title }}", {}, "title: is empty and has no default"),
        ("{{ title }}", {"title": "  "}, "title: is empty and has no default"),
        ("{{ title | upper }}", {}, "title: is empty and has no default"),
        ('{{ title | currency:"BRL" }}', {"title": "much"}, "is not an amount"),
        ('{{ amount | currency:"BRL" }}', {"amount": Decimal("1e999999")}, "is not an amount"),
        ('{{ amount | currency:"BRL" }}', {"amount": float("nan")}, "is not an amount"),
        ("{{ amount }}", {"amount": 10**5000}, "not a finite number"),
        ("{{ title | date }}", {"title": "soon"}, "is not a date"),
        ("{{ opened_at | date }}", {"opened_at": datetime(1, 1, 1, tzinfo=UTC)}, "out of range"),
        ("{{ title }}", {"title": ["a"]}, "cannot be put into text"),
        ("{{ title }}", {"title": "x" * (LONGEST_RESULT + 1)}, "more than"),
    ],
)
def test_a_value_that_cannot_be_inserted_fails_the_run(source: str, given: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidParams, match=reason):
        render(parse(source), given, BRAZIL)


def test_the_error_of_a_run_does_not_repeat_the_value() -> None:
    with pytest.raises(InvalidParams) as raised:
        render(parse('{{ title | currency:"BRL" }}'), {"title": "4111 secret"}, Style())
    assert "secret" not in str(raised.value.as_dict())


def test_a_lone_placeholder_keeps_its_type() -> None:
    only = parse("{{ labels }}").only
    assert only == Placeholder("labels")
    assert value(only, VALUES, Style()) == ["a"]
    assert parse(" {{ labels }}").only is None
    assert saved("{{ labels }}", whole=True) == []


def test_values_are_escaped_and_the_authors_text_is_not() -> None:
    template = parse("<b>{{ title }}</b>")
    evil = {"title": "<script>&'{{ x }}"}
    assert render(template, evil, Style(), ESCAPES["html"]) == "<b>&lt;script&gt;&amp;&#x27;{{ x }}</b>"
    assert escape_slack("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"


@given(st.text(alphabet="{}a \x00\n\u202e\u2060", max_size=30))
def test_text_for_whatsapp_has_no_double_braces_or_control_characters(text: str) -> None:
    escaped = escape_whatsapp(text)
    assert "{{" not in escaped
    assert "\x00" not in escaped
    assert "\u202e" not in escaped
    assert escaped.replace("\u2060", "") == "".join(kept for kept in text if kept in "{}a \n")


@given(st.text(), st.text(alphabet='{}|: "titleupr.', max_size=40))
@settings(max_examples=300, deadline=None)
def test_values_are_never_parsed_as_templates(literal: str, injected: str) -> None:
    literal = literal.replace("{", "(")
    source = literal + "{{ title }}"
    filled = render(parse(source), {"title": f"x{injected}", "upper": "no"}, Style())
    assert filled == f"{literal}x{injected}"


@given(st.text(alphabet='{}|: "titleupper_0.\n', max_size=80))
@settings(max_examples=400, deadline=None)
def test_any_text_is_parsed_or_refused(source: str) -> None:
    try:
        template = parse(source)
    except InvalidParams as error:
        assert error.problems  # noqa: PT017
        return
    assert "".join(part for part in template.parts if isinstance(part, str)).count("{{") == 0
    check(template, KNOWN)


@pytest.mark.parametrize(
    "source",
    [
        "{{" + " " * 19_990,
        "{{ title " + "| upper " * 8 + " " * 19_000,
        "{{ a" + ".a" * 9_000,
        '{{ title | default:"' + "x" * 19_000,
        "{" * 19_999,
        "{{ title | default" + " " * 19_000 + ":",
    ],
)
def test_parsing_takes_linear_time(source: str) -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidParams):
        parse(source)
    assert time.perf_counter() - began < 1


def test_the_result_is_bounded_before_it_is_built() -> None:
    template = parse("{{ title }}" * 200)
    began = time.perf_counter()
    with pytest.raises(InvalidParams, match="more than"):
        render(template, {"title": "x" * 90_000}, Style())
    assert time.perf_counter() - began < 1
