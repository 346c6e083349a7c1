"""Tests of agent tools: plain, in LangChain, over MCP."""

import json

import pytest
from mcp.client.client import Client

from plugfn.errors import InvalidCall, InvalidParams, NoConnection, RateLimited, UnknownName
from plugfn.sync import SyncPlugFn
from plugfn.test_executor import Script, made
from plugfn.testing.bench import Bench
from plugfn.tools import ToolLimits, toolbox
from plugfn.tools.langchain import langchain_tools
from plugfn.tools.mcp import mcp_server


@pytest.fixture
async def bench():
    async with Bench(made(Script()), credentials={}) as found:
        yield found


async def one_tool(bench, **options):
    (tool,) = await toolbox(bench.plug, user_id="ana", actions=["acme.numbers.ask"], **options)
    return tool


async def test_a_tool_runs_its_action_for_its_user_and_is_noted(bench):
    tool = await one_tool(bench)
    assert (await tool({"number": 3})).number == 3
    assert (tool.name, tool.description) == ("acme_numbers_ask", "Acme: Asks.")
    assert set(tool.schema["properties"]) == {"number", "note", "nonce", "anything"}
    (row,) = await bench.logs()
    assert (row.source, row.user_id, row.outcome) == ("tool", "ana", "ok")


async def test_an_argument_cannot_name_another_user_or_connection(bench):
    tool = await one_tool(bench)
    for stolen in ({"user_id": "bruno"}, {"connection_id": "x"}):
        with pytest.raises(InvalidParams):
            await tool(stolen)


async def test_another_users_connection_is_no_tool(bench):
    with pytest.raises(NoConnection):
        await toolbox(bench.plug, user_id="bruno", connection_ids=[bench.connection.id])
    with pytest.raises(InvalidCall):
        await toolbox(bench.plug, user_id="bruno", actions=["acme.numbers.ask"])
    assert await toolbox(bench.plug, user_id="bruno") == []


async def test_what_the_program_fixes_is_neither_shown_nor_settable(bench):
    tool = await one_tool(bench, fixed={"acme.numbers.ask": {"number": 9}})
    assert set(tool.schema["properties"]) == {"note", "nonce", "anything"}
    assert (await tool({"note": "x"})).number == 9
    with pytest.raises(InvalidParams):
        await tool({"number": 1})
    with pytest.raises(UnknownName):
        await one_tool(bench, fixed={"acme.numbers.ask": {"nubmer": 9}})


async def test_a_tool_has_a_limit_of_its_own_and_refusals_are_noted(bench):
    tool = await one_tool(bench, limits=ToolLimits(calls=2))
    for _ in range(2):
        await tool({})
    with pytest.raises(RateLimited) as caught:
        await tool({})
    assert caught.value.code == "tool_limit"
    assert [row.code for row in await bench.logs()] == ["", "", "tool_limit"]


async def test_a_long_result_is_cut(bench):
    tool = await one_tool(bench, limits=ToolLimits(characters=10))
    assert (await tool.text({"number": 123456789})).startswith('{"number":… (cut')


async def test_two_connections_at_one_provider_have_a_tool_each(bench):
    await bench.plug.connections.create("ana", "acme", {})
    tools = await toolbox(bench.plug, user_id="ana", actions=["acme.numbers.ask"])
    assert len({tool.name for tool in tools}) == 2


async def test_langchain_calls_it_and_reads_errors_as_answers(bench):
    (tool,) = langchain_tools([await one_tool(bench)])
    assert json.loads(await tool.ainvoke({"number": 4})) == {"number": 4, "anything": None}
    told = json.loads(await tool.ainvoke({"number": "not a number"}))
    assert told["error"]["next"] == "fix_call"
    assert "number" in tool.args


async def test_langchain_calls_it_without_await_too(bench):
    plain = SyncPlugFn(bench.plug)
    (tool,) = langchain_tools([await one_tool(bench)], plain)
    assert json.loads(tool.invoke({"number": 4})) == {"number": 4, "anything": None}
    plain.close()


async def test_a_client_of_the_model_context_protocol_lists_and_calls(bench):
    async with Client(mcp_server([await one_tool(bench)])) as client:
        (listed,) = (await client.list_tools()).tools
        assert listed.name == "acme_numbers_ask"
        assert set(listed.input_schema["properties"]) == {"number", "note", "nonce", "anything"}
        answer = await client.call_tool("acme_numbers_ask", {"number": 5})
        assert json.loads(answer.content[0].text) == {"number": 5, "anything": None}
        wrong = await client.call_tool("acme_numbers_ask", {"number": "x"})
        assert wrong.is_error
        assert "fix_call" in wrong.content[0].text
