"""Attacks by free SQL on a real PostgreSQL, with a role that may write: nothing is changed and nothing leaks."""

import pytest

from plugfn.errors import Forbidden, InvalidCall
from plugfn.providers.database_postgres import provider
from plugfn.testing.bench import Bench

GOOD = {
    "select id from vendas where id < 3 order by id": [{"id": 1}, {"id": 2}],
    "SELECT Count(*) AS n FROM Vendas;": [{"n": 4}],
    "select v.id, c.nome from vendas v join crm.clientes c using (id) order by 1": [
        {"id": 1, "nome": "Ana"},
        {"id": 2, "nome": "Bia"},
    ],
    "with boas as (select * from vendas where paga) select sum(total) as soma from boas": [{"soma": "10.50"}],
    "select x.n from (select count(*) as n from vendas group by paga) x order by 1": [{"n": 1}, {"n": 1}, {"n": 2}],
    "select id from vendas where exists (select 1 from crm.clientes c where c.id = vendas.id) order by id desc": [
        {"id": 2},
        {"id": 1},
    ],
    "select 1 as a union all select 2 order by a": [{"a": 1}, {"a": 2}],
    "select dados->>'a' as a, extract(year from criada) as ano from vendas where id = 1": [{"a": "1.5", "ano": "2026"}],
    'select "Ação" as "A ç" from vendas where cliente like \'%100\\%\' or id = 1 order by id': [
        {"A ç": "sim"},
        {"A ç": None},
    ],
    "select id, row_number() over (order by total desc nulls last) as lugar from vendas order by 2 limit 1": [
        {"id": 2, "lugar": 1}
    ],
    "select upper(left(cliente, 1)) || '/' || coalesce(nota::text, '-') as x from vendas where id = 1": [
        {"x": "A/0.1"}
    ],
    "select date_trunc('month', dia)::date as m from vendas where id = 4 -- a comment": [{"m": "2026-02-01"}],
    "select 'it''s; drop table vendas' as t": [{"t": "it's; drop table vendas"}],
}

ATTACKS = [
    # tables
    "select * from segredos",
    "select * from public.segredos",
    'select * from "segredos"',
    "select * from SEGREDOS",
    "select * from vendas, segredos",
    "select * from vendas join segredos on true",
    "select (select senha from segredos limit 1)",
    "select id from vendas where id in (select id from segredos)",
    "select id from vendas where exists (select 1 from segredos)",
    "select id from vendas union select id from segredos",
    "select id from vendas except all select id from segredos",
    "select id from vendas order by (select max(id) from segredos)",
    "select id from vendas group by (select max(id) from segredos), id",
    "select id from vendas limit (select 1 from segredos)",
    "select count(*) filter (where exists (select 1 from segredos)) from vendas",
    "select sum(id) over (order by (select 1 from segredos)) from vendas",
    "select case when true then (select senha from segredos) end",
    "with x as (select * from segredos) select * from x",
    "with x as (with segredos as (select 1) select * from segredos) select * from segredos",
    "with segredos as (select * from segredos) select * from segredos",
    "with a as (select * from segredos), segredos as (select 1) select * from a",
    "with x as (select 1) select * from segredos as x, x",
    "with x as (select 1) select * from pg_user as x, x",
    "select 1 from vendas where 1 in (with segredos as (select 1) select 1 from segredos) and 1 in (table segredos)",
    "select 1 where 1 in (with segredos as (select 1) select 1 from segredos) and 1 in (select 1 from segredos)",
    "select * from (vendas join segredos on true)",
    "select * from vendas, lateral (select * from segredos) z",
    "table segredos",
    "select * from only segredos",
    "select * from vendas tablesample system (100)",
    "select * from pg_catalog.pg_authid",
    "select * from pg_shadow",
    "select * from pg_user",
    "select * from information_schema.tables",
    "select * from pg_temp.segredos",
    "select * from plugfn.public.segredos",
    "select segredos from segredos",
    "select * from vendas as segredos(a), segredos as b",
    # other statements, and several
    "delete from vendas",
    "update vendas set total = 0",
    "insert into vendas (id) values (9)",
    "merge into vendas using crm.clientes c on true when matched then delete",
    "truncate vendas",
    "drop table vendas",
    "create table x (a int)",
    "select * into roubo from vendas",
    "create table roubo as select * from vendas",
    "copy vendas to '/tmp/x'",
    "copy vendas to program 'id'",
    "select 1; drop table vendas",
    "select 1;;select 2",
    "select 1; commit; delete from vendas",
    "begin; select 1",
    "commit",
    "rollback; delete from vendas",
    "set transaction read write",
    "set statement_timeout = 0",
    "reset all",
    "do $$ begin delete from vendas; end $$",
    "call resist()",
    "explain analyze delete from vendas",
    "explain (analyze) select 1",
    "declare c cursor for select 1",
    "prepare p as delete from vendas",
    "execute p",
    "listen x",
    "notify x",
    "lock table vendas",
    "vacuum",
    "values (1)",
    "with x as (delete from vendas returning *) select * from x",
    "with x as (insert into vendas (id) values (8) returning id) select * from x",
    "with x as (update vendas set total = 0 returning id) select * from x",
    "with recursive r as (select 1 as n union all select n + 1 from r) select * from r",
    "select * from vendas for update",
    "select * from vendas for share",
    "select * from vendas for no key update skip locked",
    # functions
    "select query_to_xml('select * from segredos', true, true, '')",
    "select table_to_xml('segredos', true, true, '')",
    "select database_to_xml(true, true, '')",
    "select cursor_to_xml('x', 1, true, true, '')",
    "select * from dblink('dbname=postgres', 'select 1') as t(a int)",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('/')",
    "select lo_import('/etc/passwd')",
    "select lo_export(1, '/tmp/x')",
    "select set_config('statement_timeout', '0', false)",
    "select set_config('transaction_read_only', 'off', false)",
    "select current_setting('data_directory')",
    "select pg_notify('x', 'y')",
    "select pg_advisory_lock(1)",
    "select pg_try_advisory_xact_lock(1)",
    "select pg_sleep(60)",
    "select pg_sleep_for('1 minute')",
    "select pg_terminate_backend(1)",
    "select pg_cancel_backend(1)",
    "select pg_reload_conf()",
    "select nextval('x')",
    "select setval('x', 1)",
    "select generate_series(1, 1000000000)",
    "select * from generate_series(1, 1000000000)",
    "select repeat('a', 1000000000)",
    "select lpad('a', 1000000000)",
    "select rpad('a', 1000000000)",
    "select format('%1000000000s', 'a')",
    "select replace(cliente, 'a', 'aaaa') from vendas",
    "select regexp_replace('aaaaaaaaaaaaaaaaaaaaaaaaa', '(a+)+$', '')",
    "select 'aaaaaaaaaaaaaaaaaaaaaaaaaaa!' ~ '(a+)+$'",
    "select string_agg(cliente, ',') from vendas",
    "select array_agg(v) from vendas v",
    "select row_to_json(v) from vendas v",
    "select resist()",
    "select public.resist()",
    "select * from resist()",
    "select pg_catalog.pg_sleep(1)",
    'select "pg_sleep"(1)',
    "select PG_SLEEP(1)",
    "select pg_sleep (1)",
    "select pg_sleep/**/(1)",
    "select has_table_privilege('segredos', 'select')",
    "select version()",
    "select current_user",
    "select session_user",
    "select inet_server_addr()",
    "select txid_current()",
    "select unnest(array[1, 2])",
    "select xpath('/a', '<a/>')",
    "select * from xmltable('/a' passing '<a/>' columns b int)",
    "select * from json_to_recordset('[]') as x(a int)",
    "select * from rows from (generate_series(1, 9))",
    "select * from lateral pg_sleep(1)",
    # casts, operators and other parts
    "select 'segredos'::regclass",
    "select 'pg_sleep'::regproc",
    "select '1'::oid::regclass",
    "select cast('a' as regrole)",
    "select cast(1 as minhatipo)",
    "select 1 operator(pg_catalog.+) 1",
    "select (v).id from vendas v",
    "select $1",
    "select :nome",
    "select %s",
    "select @x",
    "select array[1, 2][1]",
    # what is ambiguous
    "select e'a\\' from vendas; delete from vendas; --'",
    "select E'\\'' || (select senha from segredos) || '",
    "select $$a$$ || (select senha from segredos)",
    "select $a$ $b$ $a$, (select senha from segredos)",
    "select U&'\\0027' , (select senha from segredos)",
    'select * from U&"segre\\0064os"',
    "select /* /* */ */ * from segredos",
    "select 1 /* a */ /* /* b */ from segredos */ from segredos",
    "select '\\' , (select senha from segredos) --'",
    "select 1 --\r from segredos\n, (select senha from segredos)",
    'select "a""b" from vendas',
    'select * from "vendas""; delete from vendas; --"',
    "select n'x'",
    "select b'1', x'ff'",
    "select 1) q; delete from vendas; --",
    "select 1) as plugfn, segredos as (select 1",
    "select * from vendas) as plugfn limit 0; delete from vendas; select * from (select 1",
    "(select 1",
    "select 'a",
    "",
    ";",
    "--",
    "/*",
    "select \x00 1",
    "select " + "(" * 5000 + "1" + ")" * 5000,
    "select " + "1+" * 4000 + "1",
    "select '" + "x" * 10_001 + "'",
    "ｓｅｌｅｃｔ * from segredos",
    "select * from ſegredos",
    "select * from segredoS",
]


REFUSED_BY_US = {"statement_not_allowed", "table_not_allowed", "unreadable_sql", "invalid_params"}


@pytest.fixture
async def bench(credentials):
    async with Bench(provider, credentials=credentials("writer", allow_sql=True)) as opened:
        yield opened


@pytest.mark.parametrize("query", GOOD)
async def test_a_plain_select_runs(bench, query):
    assert (await bench.call("query.sql", {"sql": query})).rows == GOOD[query]


async def test_no_attack_passes_and_nothing_is_changed(bench, world_as_it_is):
    before = world_as_it_is()
    through = []
    for query in ATTACKS:
        try:
            result = await bench.call("query.sql", {"sql": query})
        except (Forbidden, InvalidCall) as error:
            if error.code not in REFUSED_BY_US:
                through.append((query, error))
        else:
            through.append((query, result))
    assert through == []
    assert world_as_it_is() == before


async def test_sql_is_refused_unless_the_connection_allows_it(credentials):
    async with Bench(provider, credentials=credentials()) as bench:
        with pytest.raises(Forbidden) as caught:
            await bench.call("query.sql", {"sql": "select 1"})
    assert caught.value.code == "sql_not_allowed"


async def test_a_limit_in_the_callers_sql_does_not_exceed_the_connections(credentials):
    async with Bench(provider, credentials=credentials(allow_sql=True, max_rows=2)) as bench:
        result = await bench.call("query.sql", {"sql": "select id from vendas limit 1000 -- )", "limit": 900})
        assert (len(result.rows), result.truncated) == (2, True)
        assert len((await bench.call("query.sql", {"sql": "select id from vendas", "limit": 1})).rows) == 1


async def test_two_result_columns_with_one_name_are_refused(bench):
    with pytest.raises(InvalidCall) as caught:
        await bench.call("query.sql", {"sql": "select v.id, c.id from vendas v, crm.clientes c"})
    assert caught.value.code == "same_name"


async def test_a_column_or_table_may_have_a_name_that_our_wrapping_uses(bench):
    sql = "select id as plugfn, id as line, 1 as lines from vendas plugfn order by plugfn.id limit 1"
    assert (await bench.call("query.sql", {"sql": sql})).rows == [{"plugfn": 1, "line": 1, "lines": 1}]
