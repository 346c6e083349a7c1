"""Reading SQL takes steps in proportion to its length, whatever it says, and none of it reaches a log."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot.parser import Parser

from plugfn.database.sql_guard import LONGEST_SQL, checked_select
from plugfn.database.sql_parse import DEEPEST_NESTING, MOST_TOKENS, CountingParser, parsed, tokens_of
from plugfn.errors import Forbidden, InvalidCall, PlugFnError

WORDS = """array[ int( numeric(1,2) interval date struct< cast( ( ) [ ] { } not - + ~ case when then else end 'a' 1 x v
, . :: and or is in ( between like -> ->> select from where with as join on union over ( lateral values exists ( any(
extract( trim( left( at time zone limit order by group by distinct null $1 @ ? : =""".split()
motifs = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)


@pytest.fixture
def steps(monkeypatch):
    """A function that checks SQL, and returns how many steps the parser made."""
    real, count = Parser._advance, 0

    def counted(parser, times=1):
        nonlocal count
        count += 1
        if count > 200_000:
            pytest.fail("the parser made 200,000 steps")
        real(parser, times)

    def check(sql):
        nonlocal count
        count = 0
        with suppress(PlugFnError):
            checked_select(sql, ["v", "x"])
        return count

    monkeypatch.setattr(Parser, "_advance", counted)
    return check


@pytest.mark.parametrize(
    "sql",
    [
        "select " + "array[" * 16 + "1" + "]" * 16,
        "select " + "int(" * 16 + "1" + ")" * 16,
        "select " + "numeric(int(" * 9 + "1" + "))" * 9,
        "select " + ",".join(["array[" * 12 + "1" + "]" * 12] * 80),
        "select " + ",".join(["int(" * 8 + "1" + ")" * 8] * 200),
        "select * from " + "cluster join " * 700 + "v",
    ],
)
def test_known_slow_inputs_take_few_steps(steps, sql):
    assert steps(sql) < 10 * LONGEST_SQL


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(motifs, motifs, st.integers(2, 400), st.sampled_from(["", ",", " and "]), st.booleans())
def test_repeated_words_take_few_steps(steps, opening, closing, times, between, nested):
    middle = f"{opening} {between}" * times + " 1 " + (f" {closing}" * times if nested else "")
    sql = f"select {middle}"[:LONGEST_SQL]
    assert steps(sql) < 10 * len(sql) + 1_000


@pytest.mark.parametrize(
    ("opening", "closing"), [("(", ")"), ("array[", "]"), ("case when ", " then 1 end"), ("not ", ""), ("- ", "")]
)
def test_nesting_is_refused_before_parsing(steps, opening, closing):
    deep = "select " + opening * (DEEPEST_NESTING + 1) + "1" + closing * (DEEPEST_NESTING + 1)
    assert steps(deep) == 0
    with pytest.raises(Forbidden, match="nested deeper than 20"):
        checked_select(deep, [])


def test_nesting_counts_every_kind_together_and_only_what_is_open():
    mixed = "select " + "(case when x[" * 6 + "not not 1" + "] then 1 end)" * 6 + " from v"
    with pytest.raises(Forbidden, match="BRACKET"):  # 20 levels are read, and then refused for what they are
        checked_select(mixed, ["v"])
    with pytest.raises(Forbidden, match="nested"):
        checked_select(mixed.replace("not 1", "not not 1"), ["v"])
    checked_select("select " + " + ".join(["(1)"] * 50) + " as a", [])
    checked_select("select 1 as a where " + " and ".join(["not 1 = 2"] * 50), [])
    checked_select("select " + "(" * 19 + "1" + ")" * 19 + " as a", [])


def test_too_many_words_are_refused_before_parsing(steps):
    assert steps("select " + "," * (MOST_TOKENS + 1)) == 0
    with pytest.raises(Forbidden, match="words and signs"):
        checked_select("select " + "," * (MOST_TOKENS + 1), [])
    with pytest.raises(Forbidden, match="10000 characters"):
        checked_select("select '" + "a" * LONGEST_SQL + "'", [])


def test_a_parser_whose_steps_are_not_counted_is_not_trusted(monkeypatch):
    monkeypatch.setattr(CountingParser, "_advance", Parser._advance)
    sql = "select 1 as a"
    with pytest.raises(InvalidCall, match="release of sqlglot"):
        parsed(tokens_of(sql), sql)


@pytest.mark.parametrize(
    "sql", ["with a as (fetch 'cpf 123') select 1 as x", "select v.j -> '$[cpf 123' as x from v", "vacuum 'cpf 123'"]
)
def test_the_parsers_warnings_do_not_quote_the_sql(caplog, sql):
    with suppress(PlugFnError):
        checked_select(sql, ["v"])
    assert caplog.records == []
