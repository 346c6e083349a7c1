"""Structured queries on a real PostgreSQL."""

import json

import psycopg
import pytest

from plugfn.errors import Forbidden, InvalidCall, InvalidParams, NotFound
from plugfn.providers.database_postgres import provider
from plugfn.testing.bench import Bench


@pytest.fixture
async def bench(credentials):
    async with Bench(provider, credentials=credentials()) as opened:
        yield opened


async def ids(bench, *filters, **more):
    result = await bench.call(
        "query.run",
        {"table": "vendas", "columns": ["id"], "filters": list(filters), "order": [{"column": "id"}], **more},
    )
    return [row["id"] for row in result.rows]


def where(column, op, value):
    return {"column": column, "op": op, "value": value}


async def test_values_become_json_and_no_cent_is_lost(bench):
    result = await bench.call("query.run", {"table": "vendas", "order": [{"column": "id"}]})
    assert result.columns[:4] == ["id", "cliente", "total", "nota"]
    first, second, third, _ = result.rows
    assert first == {
        "id": 1,
        "cliente": "Ana",
        "total": "10.50",
        "nota": 0.1,
        "paga": True,
        "criada": "2026-01-02T06:04:05+00:00",
        "dia": "2026-01-02",
        "dados": {"a": 1.5, "b": [1, None]},
        "foto": "\\x00ff",
        "marcas": ["x", "y z"],
        "Ação": "sim",
    }
    assert (second["total"], second["nota"], second["dia"]) == ("99999999.99", "NaN", "infinity")
    assert third["nota"] == 1e300
    assert not result.truncated
    json.loads(result.model_dump_json())


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (where("id", "eq", 2), [2]),
        (where("id", "eq", "2"), [2]),
        (where("id", "neq", 2), [1, 3, 4]),
        (where("total", "gt", "10.50"), [2]),
        (where("total", "gte", 10.5), [1, 2]),
        (where("total", "lt", 0.11), [3]),
        (where("dia", "lte", "2026-02-28"), [1, 4]),
        (where("cliente", "like", "A%"), [1]),
        (where("cliente", "ilike", "%NEIL%"), [3]),
        (where("cliente", "like", r"%100\%"), [3]),
        (where("cliente", "in", ["a,b (c)", 'O\'Neil "x" \\ 100%']), [2, 3]),
        (where("id", "in", [1, 4, 9]), [1, 4]),
        (where("cliente", "is_null", True), [4]),
        (where("cliente", "is_null", False), [1, 2, 3]),
        (where("paga", "eq", True), [1, 4]),
        (where("Ação", "eq", "não"), [2]),
        ({"any": [where("id", "eq", 1), {"all": [where("id", "gt", 2), where("paga", "eq", True)]}]}, [1, 4]),
    ],
)
async def test_every_operator_means_what_it_says(bench, condition, expected):
    assert await ids(bench, condition) == expected


async def test_all_filters_must_hold_and_an_any_is_one_of_them(bench):
    either = {"any": [where("id", "eq", 1), where("id", "eq", 3)]}
    assert await ids(bench, where("paga", "eq", True), either) == [1]


async def test_order_limit_offset_and_count(bench):
    query = {"table": "vendas", "columns": ["id"], "order": [{"column": "total", "desc": True, "nulls": "last"}]}
    result = await bench.call("query.run", query | {"limit": 2, "offset": 1, "count": True})
    assert [row["id"] for row in result.rows] == [1, 3]
    assert (result.truncated, result.count) == (True, 4)


async def test_a_table_of_another_schema_is_read(bench):
    result = await bench.call("query.run", {"table": "crm.clientes", "order": [{"column": "id"}]})
    assert [row["nome"] for row in result.rows] == ["Ana", "Bia"]


async def test_a_result_without_rows_has_columns(bench):
    result = await bench.call("query.run", {"table": "crm.clientes", "filters": [where("id", "eq", 77)], "offset": 9})
    assert (result.columns, result.rows, result.truncated) == (["id", "nome"], [], False)


@pytest.mark.parametrize("allowed", [[], ["vendas"], ["crm.segredos"], ["Segredos"]])
async def test_a_table_that_is_not_allowed_is_refused_and_an_empty_list_allows_no_table(credentials, allowed):
    async with Bench(provider, credentials=credentials("writer", allowed_tables=allowed)) as bench:
        for name in ("segredos", "public.segredos"):
            with pytest.raises(Forbidden) as caught:
                await bench.call("query.run", {"table": name})
            assert caught.value.code == "table_not_allowed"
        if not allowed:
            with pytest.raises(Forbidden):
                await bench.call("query.run", {"table": "vendas"})


NO_NAMES = (
    *("*,segredos(*)", "segredos(*)", "id:senha", "dados->a", "...x", "a!b", 'a"b', "a'b", "a b", "a.b", "", "1a"),
    *("id\n", "x" * 64, "id--", "(select 1)", "é" * 32),
)


@pytest.mark.parametrize("name", NO_NAMES)
async def test_an_invalid_column_name_is_refused_before_anything_is_sent(bench, name):
    for query in (
        {"columns": [name]},
        {"filters": [where(name, "eq", 1)]},
        {"order": [{"column": name}]},
        {"filters": [{"any": [{"all": [where(name, "eq", 1)]}]}]},
    ):
        with pytest.raises(InvalidParams):
            await bench.call("query.run", {"table": "vendas", **query})


async def test_the_connections_limits_cannot_be_exceeded(credentials):
    async with Bench(provider, credentials=credentials(max_rows=2)) as bench:
        result = await bench.call("query.run", {"table": "vendas", "limit": 1000})
        assert (len(result.rows), result.truncated) == (2, True)
        with pytest.raises(InvalidParams):
            await bench.call("query.run", {"table": "vendas", "limit": 1001})


@pytest.mark.parametrize(
    ("query", "error", "code"),
    [
        ({"columns": ["nada"]}, InvalidCall, "42703"),
        ({"filters": [where("id", "eq", "abc")]}, InvalidCall, "22P02"),
        ({"filters": [where("id", "like", "1%")]}, InvalidCall, "42883"),
        ({"table": "crm.vazia"}, NotFound, "42P01"),
        ({"table": "segredos"}, Forbidden, "42501"),
    ],
)
async def test_the_databases_errors_say_what_to_do_and_quote_no_values(credentials, query, error, code):
    typed = credentials(allowed_tables=["vendas", "crm.vazia", "segredos"])
    async with Bench(provider, credentials=typed) as bench:
        with pytest.raises(error) as caught:
            await bench.call("query.run", {"table": "vendas"} | query)
    assert caught.value.code == code
    assert "abc" not in str(caught.value)


async def test_allowed_and_readable_tables_are_listed_with_their_columns(credentials):
    typed = credentials(allowed_tables=["crm.clientes", "segredos", "missing", "vendas"])
    async with Bench(provider, credentials=typed) as bench:
        tables = (await bench.call("tables.list")).tables
    assert [table.name for table in tables] == ["crm.clientes", "vendas"]
    assert [column.model_dump() for column in tables[0].columns] == [
        {"name": "id", "type": "integer", "nullable": False},
        {"name": "nome", "type": "text", "nullable": True},
    ]


async def test_a_role_that_may_only_read_allowed_tables_gives_no_warning(bench):
    assert (await bench.call("access.check")).warnings == []
    assert "Warning" not in await bench.test()


async def test_a_role_that_may_write_gives_warnings(credentials):
    async with Bench(provider, credentials=credentials("writer", allowed_tables=["vendas", "missing"])) as bench:
        warnings = " ".join((await bench.call("access.check")).warnings)
        label = await bench.test()
    assert "may write to 3" in warnings
    assert "may read 2 tables" in warnings
    assert "1 of the allowed tables do not exist" in warnings
    assert "may create tables" in warnings
    assert warnings in label


async def test_a_superuser_gives_a_warning(credentials):
    async with Bench(provider, credentials=credentials() | {"user": "postgres"}) as bench:
        assert "superuser" in await bench.test()


async def test_a_lone_surrogate_in_a_json_column_does_not_break_the_result(credentials, postgres_url):
    superuser = psycopg.conninfo.make_conninfo(postgres_url, user="postgres")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(
            """create table metades as select '{"a": "x\\ud800", "\\udfff": [NULL]}'::json as j""".lower()
        )
        connection.execute("grant select on metades to public")
    try:
        async with Bench(provider, credentials=credentials(allowed_tables=["metades"])) as bench:
            result = await bench.call("query.run", {"table": "metades"})
    finally:
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("drop table metades")
    assert json.loads(result.model_dump_json())["rows"] == [{"j": {"a": "x\ufffd", "\ufffd": [None]}}]
