"""Queries through the emulator of Supabase's REST API."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugfn.database.query import MOST_ROWS, Query
from plugfn.errors import (
    Forbidden,
    GiveUp,
    InvalidCall,
    InvalidParams,
    NeedsReconnect,
    NotFound,
    PlugFnError,
    Unavailable,
    Unexpected,
)
from plugfn.providers.database_supabase import provider
from plugfn.providers.database_supabase.client import rows_that_fit
from plugfn.providers.database_supabase.compile import compile_query
from plugfn.testing.bench import Bench

PUBLISHABLE, SECRET = "sb_publishable_sandbox_0123456789", "sb_secret_sandbox_0123456789"
NO_NAMES = (
    *("*,segredos(*)", "segredos(*)", "id:senha", "dados->a", "dados->>a", "...x", "a!inner", 'a"b', "a b", "a.b", ""),
    *("id)", "id,senha", "id::text", "count()", "*", "id\n", "id&select=*", "x" * 64),
)


@pytest.fixture
def server(emulator):
    return emulator("supabase")


@pytest.fixture
def credentials(server):
    own = {"url": server.url, "key": PUBLISHABLE, "allowed_tables": ["vendas", "crm.clientes", "muitas"]}
    return lambda **more: own | more


@pytest.fixture
async def bench(credentials):
    async with Bench(provider, credentials=credentials(max_rows=1000)) as opened:
        yield opened


def where(column, op, value):
    return {"column": column, "op": op, "value": value}


async def ids(bench, *filters, **more):
    query = {"table": "vendas", "columns": ["id"], "filters": list(filters), "order": [{"column": "id"}]}
    return [row["id"] for row in (await bench.call("query.run", query | more)).rows]


async def test_rows_become_json_and_no_cent_is_lost(bench):
    result = await bench.call("query.run", {"table": "vendas", "order": [{"column": "id"}], "limit": 2})
    assert result.columns == ["id", "cliente", "total", "paga", "criada"]
    assert result.rows[0] == {
        "id": 1,
        "cliente": "Ana",
        "total": "10.50",
        "paga": True,
        "criada": "2026-01-02T06:04:05+00:00",
    }
    assert result.truncated
    json.loads(result.model_dump_json())


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (where("id", "eq", 2), [2]),
        (where("id", "neq", 2), [1, 3, 4, 5, 6]),
        (where("total", "gt", "10.50"), [2]),
        (where("total", "lte", 1), [3, 5]),
        (where("cliente", "eq", "null"), [5]),
        (where("cliente", "eq", "and(id.eq.1)"), [6]),
        (where("cliente", "like", "A%"), [1]),
        (where("cliente", "ilike", "%NEIL%"), [3]),
        (where("cliente", "like", r"%100\%"), [3]),
        (where("cliente", "in", ["a,b (c)", 'O\'Neil "x" \\ 100%']), [2, 3]),
        (where("cliente", "is_null", True), [4]),
        (where("cliente", "is_null", False), [1, 2, 3, 5, 6]),
        (where("paga", "eq", True), [1, 4, 5]),
        ({"any": [where("id", "eq", 1), {"all": [where("id", "gt", 2), where("paga", "eq", True)]}]}, [1, 4, 5]),
    ],
)
async def test_every_operator_means_what_it_says(bench, condition, expected):
    assert await ids(bench, condition) == expected


async def test_several_filters_on_one_column_all_hold(bench):
    assert await ids(bench, where("id", "gt", 1), where("id", "lt", 4), where("id", "neq", 3)) == [2]


async def test_order_limit_offset_and_count(bench):
    query = {"table": "vendas", "columns": ["id"], "order": [{"column": "total", "desc": True, "nulls": "last"}]}
    result = await bench.call("query.run", query | {"limit": 2, "offset": 1, "count": True})
    assert ([row["id"] for row in result.rows], result.truncated, result.count) == ([1, 6], True, 6)


async def test_an_offset_beyond_the_end_returns_no_rows(bench):
    for count in (True, False):
        query = {"table": "vendas", "columns": ["id"], "offset": 100, "count": count}
        result = await bench.call("query.run", query)
        assert (result.rows, result.truncated, result.count) == ([], False, 6 if count else None)


async def test_a_table_of_another_schema_is_asked_for_by_its_profile(bench, server):
    result = await bench.call("query.run", {"table": "crm.clientes", "order": [{"column": "id"}]})
    assert [row["nome"] for row in result.rows] == ["Ana", "Bia"]
    assert server.requests("/rest/v1/clientes")[0]["headers"]["accept-profile"] == "crm"


async def test_an_answer_that_the_project_silently_cut_is_truncated(bench):
    result = await bench.call("query.run", {"table": "muitas", "limit": MOST_ROWS})
    assert (len(result.rows), result.truncated) == (1000, True)


async def test_the_connections_limit_cannot_be_exceeded(credentials):
    async with Bench(provider, credentials=credentials(max_rows=3)) as bench:
        result = await bench.call("query.run", {"table": "muitas", "limit": 900})
    assert (len(result.rows), result.truncated) == (3, True)


@pytest.mark.parametrize("name", NO_NAMES)
async def test_a_query_cannot_embed_another_table(bench, server, name):
    for query in ({"columns": [name]}, {"filters": [where(name, "eq", 1)]}, {"order": [{"column": name}]}):
        with pytest.raises(InvalidParams):
            await bench.call("query.run", {"table": "vendas", **query})
    assert server.requests() == []


@pytest.mark.parametrize("name", ["rpc/funcao", "vendas?select=*", "../auth", "vendas/1", "", "vendas(*)", "a.b.c"])
async def test_an_invalid_table_name_is_refused(bench, server, name):
    with pytest.raises(InvalidParams):
        await bench.call("query.run", {"table": name})
    assert server.requests() == []


@pytest.mark.parametrize("allowed", [[], ["vendas"], ["crm.segredos"], ["Segredos"]])
async def test_a_table_that_is_not_allowed_is_refused_and_an_empty_list_allows_no_table(credentials, server, allowed):
    async with Bench(provider, credentials=credentials(key=SECRET, allowed_tables=allowed)) as bench:
        for name in ("segredos", "public.segredos", *([] if allowed else ["vendas"])):
            with pytest.raises(Forbidden) as caught:
                await bench.call("query.run", {"table": name})
            assert caught.value.code == "table_not_allowed"
    assert server.requests() == []


async def test_only_get_is_ever_sent_and_always_with_a_limit(bench, server):
    await bench.call("query.run", {"table": "vendas"})
    await bench.call("tables.list")
    await bench.test()
    seen = server.requests()
    assert {request["method"] for request in seen} == {"GET"}
    assert all("limit" in request["query"] for request in seen if request["path"] != "/rest/v1/")


async def test_a_pattern_with_an_asterisk_is_refused_because_postgrest_reads_it_as_a_wildcard(bench):
    with pytest.raises(InvalidParams):
        await ids(bench, where("cliente", "like", "A*"))
    assert await ids(bench, where("cliente", "eq", "A*")) == []


@pytest.mark.parametrize(
    ("query", "error", "code"),
    [
        ({"columns": ["nada"]}, InvalidCall, "42703"),
        ({"filters": [where("id", "eq", "abc")]}, InvalidCall, "22P02"),
        ({"table": "missing"}, NotFound, "PGRST205"),
        ({"table": "other.missing"}, NotFound, "PGRST106"),
        ({"table": "segredos"}, Forbidden, "42501"),
    ],
)
async def test_the_apis_errors_say_what_to_do_and_quote_no_values(credentials, query, error, code):
    typed = credentials(allowed_tables=["vendas", "missing", "other.missing", "segredos"])
    async with Bench(provider, credentials=typed) as bench:
        with pytest.raises(error) as caught:
            await bench.call("query.run", {"table": "vendas"} | query)
    assert caught.value.code == code
    assert "abc" not in str(caught.value)


async def test_a_refused_key_needs_the_user(credentials):
    async with Bench(provider, credentials=credentials(key="sb_publishable_of_another_project")) as bench:
        with pytest.raises(NeedsReconnect):
            await bench.call("query.run", {"table": "vendas"})


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "answer", "status": 200, "body": "<html>"}, Unexpected),
        ({"kind": "answer", "status": 200, "body": {"id": 1}}, Unexpected),
        ({"kind": "answer", "status": 200, "body": [1]}, Unexpected),
        ({"kind": "answer", "status": 404, "body": "<html>not found</html>"}, Unexpected),
        ({"kind": "answer", "status": 540, "body": ""}, GiveUp),
        ({"kind": "answer", "status": 200, "body": "[" * 100_000}, Unexpected),
        ({"kind": "answer", "status": 200, "body": "[" + "1" * 11_000_000 + "]"}, InvalidCall),
    ],
)
async def test_an_answer_that_is_not_rows_raises_a_plugfn_error(bench, server, fault, error):
    server.fault("GET /rest/v1/*", count=None, **fault)
    with pytest.raises(error):
        await bench.call("query.run", {"table": "vendas"})


@pytest.mark.parametrize("fault", [{"kind": "truncate"}, {"kind": "answer", "status": 503}])
async def test_a_read_is_retried_after_a_broken_connection(bench, server, fault):
    server.fault("GET /rest/v1/*", **fault)
    assert await ids(bench, where("id", "eq", 1)) == [1]


async def test_a_project_that_keeps_failing_is_unavailable(bench, server):
    server.fault("*", kind="answer", status=500, body={"code": "XX000", "message": "x"}, count=None)
    with pytest.raises(Unavailable):
        await bench.test()


def test_rows_beyond_the_byte_limit_are_left_out_and_a_row_that_is_too_big_is_an_error():
    rows = [{"t": "x" * 100}] * 10
    assert len(rows_that_fit(rows, 350)) == 3
    with pytest.raises(InvalidCall) as caught:
        rows_that_fit(rows, 50)
    assert caught.value.code == "row_too_big"


@pytest.mark.parametrize("name", ["and", "or", "not", "Ação", "a$b"])
def test_an_unusual_column_name_is_quoted(name):
    query = Query(table="t", columns=[name], filters=[where(name, "eq", 1)], order=[{"column": name}])
    parameters = compile_query(query, 10)
    select, filters, order = parameters["select"], parameters["and"], parameters["order"]
    assert (select, filters, order) == (
        f'"{name}"',
        f'("{name}".eq."1")',
        f'"{name}".asc',
    )


values = st.text(alphabet=st.sampled_from("a,.:()\"\\'*%_ &=#é\n{}"), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(values, min_size=1, max_size=4), values)
async def test_any_text_stays_one_value(bench, listed, single):
    nothing = where("id", "eq", -1)
    for condition in (where("cliente", "in", listed), where("cliente", "eq", single)):
        expected = {"a,b (c)": [2]}
        wanted = condition["value"] if isinstance(condition["value"], list) else [condition["value"]]
        hits = sorted(number for value in wanted for number in expected.get(value, []))
        assert await ids(bench, {"any": [condition, nothing]}) == hits


SENT_BY_A_SERVER_THAT_MEANS_HARM = [
    {"body": '[{"a": "\\ud800 123.456"}]'},
    {"body": '[{"a": ' + "[" * 500 + "]" * 500 + "}]"},
    {"body": '[{"\\ud800": 1}]'},
    {"body": b'[{"a": "\xff 123.456"}]'.decode("latin-1")},
    {"body": "[" + ",".join(["[]"] * 1000) + "]"},
    {"body": {"code": ["x"]}, "status": 400},
    {"body": {"code": "123.456"}, "status": 400},
    {"body": {"code": "<b>123.456</b>"}, "status": 400},
    {"body": {"code": "42\r\n123.456"}, "status": 400},
    {"status": 302, "headers": {"location": "http://169.254.169.254/123.456"}, "body": ""},
    {"status": 206, "headers": {"content-range": "0-0/" + "9" * 5000}, "body": [{"a": 1}]},
]


@pytest.mark.parametrize("fault", SENT_BY_A_SERVER_THAT_MEANS_HARM)
async def test_any_answer_is_read_or_raises_a_plugfn_error_that_quotes_nothing(bench, server, fault, caplog):
    server.fault("GET /rest/v1/*", count=None, **{"kind": "answer", "status": 200} | fault)
    failed = None
    try:
        result = await bench.call("query.run", {"table": "vendas", "count": True})
        json.loads(result.model_dump_json())
    except PlugFnError as error:
        failed = error
    assert "123.456" not in f"{failed} {failed and failed.code} {caplog.text}"
    assert failed is None or failed.__cause__ is None


async def test_nan_and_infinity_become_text(bench, server):
    server.fault("GET /rest/v1/*", kind="answer", status=200, body='[{"a": NaN, "b": -Infinity}]')
    result = await bench.call("query.run", {"table": "vendas"})
    assert result.rows == [{"a": "NaN", "b": "-Infinity"}]


@pytest.mark.parametrize(
    "definitions",
    [[1], {"vendas": 1}, {"vendas": {"properties": {"id": 1}, "required": [{}]}}, {"vendas": {"properties": [1]}}],
)
async def test_an_unreadable_api_description_lists_no_columns(credentials, server, definitions):
    server.fault("GET /rest/v1/", kind="answer", status=200, body={"definitions": definitions}, count=None)
    async with Bench(provider, credentials=credentials(key=SECRET, allowed_tables=["vendas"])) as bench:
        (table,) = (await bench.call("tables.list")).tables
    assert table.columns == []


async def test_a_list_of_one_empty_text_finds_the_empty_texts(bench):
    """PostgREST reads `in.("")` as an empty list."""
    parameters = compile_query(Query(table="t", filters=[where("a", "in", [""])]), 1)
    assert parameters["and"] == '(a.eq."")'


async def test_a_schema_with_any_letters_is_sent_as_utf_8(credentials, server):
    async with Bench(provider, credentials=credentials(allowed_tables=["vendas", "Ação字.vendas"])) as bench:
        with pytest.raises(NotFound):
            await bench.call("query.run", {"table": "Ação字.vendas"})
    assert server.requests("/rest/v1/vendas")[0]["headers"]["accept-profile"] == "Ação字"
