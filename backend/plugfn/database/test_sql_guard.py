"""Tests of the SQL guard. PostgreSQL's own planner says, as a second opinion, which tables a query reads."""

from contextlib import suppress

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugfn.database.sql_guard import checked_select
from plugfn.errors import Forbidden, InvalidCall

ALLOWED = ["vendas", "crm.clientes"]
WORDS = """select from where with as ( ) , union join on true * 1 id x v vendas segredos crm.clientes public.segredos
pg_user "segredos" 'a' /* */ $$ lateral exists in limit = . ; not case when then end E'\\' '"""
PIECES = [*WORDS.split(), "order by", "--\n"]
NAMES = ["vendas", "segredos", "crm.clientes", "x", "y"]
names = st.sampled_from(NAMES)
aliases = st.sampled_from(["", " x", " y", " as segredos", " as vendas"])


def nested(inner):
    """Queries around queries: in FROM, in WHERE, in WITH, side by side."""
    return st.one_of(
        st.builds(lambda q, a: f"select * from ({q}) as {a}", inner, st.sampled_from(["x", "y", "segredos"])),
        st.builds(lambda q, t, a: f"select 1 as id from {t}{a} where exists ({q})", inner, names, aliases),
        st.builds(lambda n, p, q: f"with {n} as ({p}) {q}", st.sampled_from(["x", "y", "segredos"]), inner, inner),
        st.builds(lambda p, q: f"select 1 as id from ({p}) a where 1 in (select 1 from ({q}) b)", inner, inner),
        st.builds(lambda p, q: f"(select 1 as id from ({p}) a) union (select 1 from ({q}) b)", inner, inner),
    )


queries = st.recursive(
    st.builds(lambda t, a, u, b: f"select 1 as id from {t}{a}, {u}{b}", names, aliases, names, aliases)
    | st.builds(lambda t, a: f"select 1 as id from {t}{a}", names, aliases),
    nested,
    max_leaves=6,
)


@pytest.fixture(scope="module")
def planner(postgres_url):
    with psycopg.connect(psycopg.conninfo.make_conninfo(postgres_url), autocommit=True) as connection:
        connection.execute("create schema guard")
        connection.execute("create table guard.vendas (id int)")
        connection.execute("create table guard.segredos (id int)")
        connection.execute("create table guard.clientes (id int)")
        yield connection
        connection.execute("drop schema guard cascade")


def read_by(planner, sql):
    """The relations that PostgreSQL would read; None when it refuses the query."""
    sql = sql.replace('"public".', '"guard".').replace('"crm".', '"guard".')
    try:
        plan = planner.execute(f"explain (verbose, format json) {sql}").fetchone()[0]
    except psycopg.Error:
        return None
    return {(node.get("Schema"), node["Relation Name"]) for node in _nodes(plan) if "Relation Name" in node}


def _nodes(part):
    if isinstance(part, list):
        for each in part:
            yield from _nodes(each)
    elif isinstance(part, dict):
        yield part
        for each in part.values():
            yield from _nodes(each)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(queries)
def test_the_planner_agrees_that_a_passed_query_reads_only_allowed_tables(planner, query):
    try:
        passed = checked_select(query, ALLOWED)
    except Forbidden:
        return
    planner.execute("set search_path = pg_catalog")
    assert (read_by(planner, passed) or set()) <= {("guard", "vendas"), ("guard", "clientes")}


def test_the_planner_reports_a_table_that_is_not_allowed(planner):
    both = {("guard", "vendas"), ("guard", "segredos")}
    assert read_by(planner, "select * from guard.vendas, guard.segredos") == both


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=25))
def test_random_sql_words_are_refused_or_pass_the_guard_twice_unchanged(pieces):
    try:
        passed = checked_select("select " + " ".join(pieces), ALLOWED)
    except (Forbidden, InvalidCall):
        return
    assert checked_select(passed, ALLOWED) == passed


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_passes_or_raises_a_plugfn_error(text):
    for query in (text, f"select {text}", f"select '{text}' from vendas"):
        with suppress(Forbidden, InvalidCall):
            checked_select(query, ALLOWED)


@given(st.text(alphabet=st.characters(exclude_characters="\x00"), max_size=50))
@settings(max_examples=200, deadline=None)
def test_a_string_literal_keeps_its_value(text):
    quoted = text.replace("'", "''")
    try:
        passed = checked_select(f"select '{quoted}' as t", [])
    except InvalidCall:
        return
    inner = passed.removeprefix("SELECT '").removesuffix('\' AS "t"')
    assert inner.replace("''", "'") == text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select * from Vendas", 'SELECT * FROM "public"."vendas" AS "vendas"'),
        ("select vendas.id from public.vendas", 'SELECT "vendas"."id" FROM "public"."vendas" AS "vendas"'),
        ("select c.nome from CRM.clientes c", 'SELECT "c"."nome" FROM "crm"."clientes" AS "c"'),
    ],
)
def test_names_are_folded_and_quoted_and_tables_get_their_schema(query, expected):
    assert checked_select(query, ALLOWED) == expected


@pytest.mark.parametrize(
    "query", ["select dados -> '' from vendas", "select current_timestamp(3)", "select join select"]
)
def test_sql_that_the_parser_would_silently_change_is_refused(query):
    with pytest.raises(InvalidCall):
        checked_select(query, ALLOWED)


def test_a_function_written_like_a_column_is_refused(planner):
    """`v.f` is f(v) where v has no column f: the functions that take any row are those that the server knows."""
    known = planner.execute(
        "select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace"
        " and prokind = 'f' and pronargs > 0 and pronargs - pronargdefaults < 2 and proargtypes[0]::regtype::text in"
        """ ('record', '"any"', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray')"""
    ).fetchall()
    names = {name for (name,) in known}
    assert {"row_to_json", "to_jsonb", "concat"} <= names
    for name in names:
        for query in (
            f"select v.{name} from vendas v",
            f'select v."{name}" from vendas v',
            f"select v.{name.upper()} from vendas v",
        ):
            with pytest.raises(Forbidden):
                checked_select(query, ALLOWED)


def test_an_empty_list_allows_no_table():
    assert checked_select("select 1 as a", []) == 'SELECT 1 AS "a"'
    with pytest.raises(Forbidden):
        checked_select("select * from vendas", [])


def test_a_refused_statement_appears_in_no_error_or_log(caplog):
    for query in ("explain select 'cpf 123'", "vacuum 'cpf 123'", "select 'cpf 123", "select 1; explain 'cpf 123'"):
        with pytest.raises((Forbidden, InvalidCall)) as caught:
            checked_select(query, ALLOWED)
        assert "123" not in str(caught.value)
    assert caplog.records == []


@pytest.mark.parametrize(
    "query",
    [
        "with pg_user as (select 1 as a) select * from pg_user",
        'with "pg_user" as (select 1 as a) select * from "pg_user"',
        "with PG_shadow as (select 1 as a) select * from pg_shadow",
        "with segredos as (select 1 as a) select * from public.segredos",
        "select * from (select * from y) as z, (with y as (select 1 as b) select * from y) as w",
    ],
)
def test_a_with_query_hides_no_table_of_its_name(query):
    """A name that begins with pg_ would mean the catalogue's table if PostgreSQL and we saw different scopes."""
    with pytest.raises(Forbidden) as caught:
        checked_select(query, ALLOWED)
    assert caught.value.code == "table_not_allowed"


def test_a_with_query_is_read_under_its_own_name():
    passed = checked_select("with segredos as (select 1 as a) select * from segredos", ALLOWED)
    assert passed == 'WITH "segredos" AS (SELECT 1 AS "a") SELECT * FROM "segredos"'
