"""Values of free SQL go to the server apart from the SQL; in a workflow, placeholders are allowed only there."""

import asyncio
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugfn.database.bind import pieces_of
from plugfn.database.sql_guard import checked_select
from plugfn.errors import Forbidden, InvalidParams
from plugfn.providers.database_postgres import actions, provider
from plugfn.providers.email_sendgrid import provider as sendgrid
from plugfn.testing.bench import Bench

BOUNCED = {"provider": "email_sendgrid", "event": "email.bounced"}
INJECTION = "' or true; drop table vendas; --"


@pytest.fixture
async def bench(credentials):
    async with Bench(provider, credentials=credentials("writer", allow_sql=True)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("sql", "values", "rows"),
    [
        ("select id from vendas where cliente = $1", ["Ana"], [{"id": 1}]),
        ("select id from vendas where cliente = $1", [INJECTION], []),
        ("select id from vendas where total > $1 and paga = $2", ["10.49", True], [{"id": 1}]),
        ("select id from vendas where id in ($2, $1) order by id", [1, 3], [{"id": 1}, {"id": 3}]),
        ("select id from vendas where id = $1 or dia = $2 and id <> $1", [2, "2026-02-28"], [{"id": 2}, {"id": 4}]),
        ("select $1::int + 1 as n, '100% of $1' as t", [41], [{"n": 42, "t": "100% of $1"}]),
        ("select id from vendas where cliente like $1 || '%'", ["An"], [{"id": 1}]),
    ],
)
async def test_values_stand_where_the_sql_says(bench, sql, values, rows):
    assert (await bench.call("query.sql", {"sql": sql, "values": values})).rows == rows


@pytest.mark.parametrize(
    ("sql", "values"),
    [("select $1", []), ("select $2", ["a"]), ("select 1", ["a"]), ("select $1, $3", ["a", "b", "c"])],
)
async def test_values_that_do_not_fit_the_sql_are_refused(bench, sql, values):
    with pytest.raises(InvalidParams) as caught:
        await bench.call("query.sql", {"sql": sql, "values": values})
    assert caught.value.problems[0].field == "values"


@pytest.mark.parametrize("parameter", ["$0", "$01", "$1000", "$a", "$1.5", "?", ":a", "%s", "%(a)s"])
def test_another_form_of_parameter_is_refused(parameter):
    with pytest.raises(Forbidden):
        checked_select(f"select {parameter} as a", [])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.text(st.characters(codec="utf-8", exclude_characters="\x00'")), st.integers(1, 99))))
def test_only_parameters_are_cut_out_of_the_sql(parts):
    columns = ", ".join(f"${part}" if isinstance(part, int) else f"'{part}'" for part in parts)
    select = f"SELECT {columns} FROM x"
    pieces = pieces_of(select)
    assert [piece for piece in pieces if isinstance(piece, int)] == [part for part in parts if isinstance(part, int)]
    assert "".join(f"${piece}" if isinstance(piece, int) else piece for piece in pieces) == select


async def test_the_event_loop_does_other_work_while_sql_is_checked(bench, monkeypatch):
    begun, turned = threading.Event(), threading.Event()

    def slow(sql, allowed):
        begun.set()
        assert turned.wait(10), "the event loop waits for the parser"
        return checked_select(sql, allowed)

    async def turn():
        while not begun.is_set():
            await asyncio.sleep(0.01)
        turned.set()

    monkeypatch.setattr(actions, "checked_select", slow)
    found, _ = await asyncio.gather(bench.call("query.sql", {"sql": "select 1 as a"}), turn())
    assert found.rows == [{"a": 1}]


def workflow(**params):
    step = {"id": "find", "action": "database_postgres.query.sql", "params": params}
    return {"name": "Find", "trigger": BOUNCED, "steps": [step]}


@pytest.fixture
def plug(bench):
    bench.plug.providers.register(sendgrid)
    return bench.plug


@pytest.mark.parametrize("sql", ["select id from vendas where cliente = '{{ reason }}'", "{{ reason }}", "{{"])
async def test_a_placeholder_in_sql_is_refused_when_a_workflow_is_saved(plug, sql):
    with pytest.raises(InvalidParams) as caught:
        await plug.workflows.create("ana", workflow(sql=sql))
    (problem,) = caught.value.problems
    assert problem.field == "steps.0.params.sql"
    assert "write $1, $2 … there, and the placeholders into `values`" in problem.reason


async def test_a_workflow_passes_an_events_values_as_values(plug):
    spec = workflow(sql="select id from vendas where cliente = $1", values=["{{ reason }}"])
    assert (await plug.workflows.create("ana", spec)).spec.steps[0].params["values"] == ["{{ reason }}"]
