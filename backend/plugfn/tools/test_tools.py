"""Tests of agent tools: as functions, in LangChain, over MCP."""

import json
from typing import Any

import pytest
from mcp.client.client import Client
from pydantic import AliasChoices, ConfigDict, Field

from plugfn.calls.test_executor import Answered, Credentials, Script, made
from plugfn.definition import Call, Form, Model, Origin, Provider, Result
from plugfn.errors import (
    ConfigurationError,
    InvalidCall,
    InvalidParams,
    NeedsReconnect,
    NoConnection,
    RateLimited,
    Unavailable,
    Unexpected,
    UnknownName,
)
from plugfn.sync import SyncPlugFn
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


async def test_a_tool_runs_its_action_for_its_user_and_is_logged(bench):
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


async def test_another_users_connection_cannot_be_a_tool(bench):
    with pytest.raises(NoConnection):
        await toolbox(bench.plug, user_id="bruno", connection_ids=[bench.connection.id])
    with pytest.raises(InvalidCall):
        await toolbox(bench.plug, user_id="bruno", actions=["acme.numbers.ask"])
    assert await toolbox(bench.plug, user_id="bruno") == []


async def test_fixed_parameters_are_neither_shown_nor_settable(bench):
    tool = await one_tool(bench, fixed={"acme.numbers.ask": {"number": 9}})
    assert set(tool.schema["properties"]) == {"note", "nonce", "anything"}
    assert (await tool({"note": "x"})).number == 9
    with pytest.raises(InvalidParams):
        await tool({"number": 1})
    with pytest.raises(UnknownName):
        await one_tool(bench, fixed={"acme.numbers.ask": {"nubmer": 9}})


async def test_a_tool_has_its_own_limit_and_refusals_are_logged(bench):
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
    answer = json.loads(await tool.ainvoke({"number": "not a number"}))
    assert answer["error"]["next"] == "fix_call"
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


class Aliased(Model):
    model_config = ConfigDict(populate_by_name=True)

    sender: str = Field(default="nobody", validation_alias=AliasChoices("from", "from_address"))
    text: str = Field(default="", alias="body")


class Said(Result):
    said: str


def aliasing():
    """A provider whose parameters have aliases, and whose action names differ only by a dot."""
    provider = Provider(
        name="acme",
        label="Acme",
        auth=Form(Model),
        docs_url="https://acme.example",
        origin=lambda settings, credentials: Origin("https://acme.example", trusted=True),
    )

    async def say(_call: Call[Any], params: Aliased) -> Said:
        return Said(said=f"{params.sender}: {params.text}")

    for name in ("things.say", "things_say"):
        provider.action(name, summary="Says.")(say)
    return provider


@pytest.mark.parametrize("smuggled", ["sender", "from", "from_address"])
async def test_fixed_parameters_cannot_be_set_by_an_alias(smuggled):
    async with Bench(aliasing(), credentials={}) as bench:
        (tool,) = await toolbox(
            bench.plug, user_id="ana", actions=["acme.things.say"], fixed={"acme.things.say": {"sender": "us"}}
        )
        assert (await tool({"body": "hi"})).said == "us: hi"
        with pytest.raises(InvalidParams):
            await tool({"body": "hi", smuggled: "them"})
        assert set(tool.schema["properties"]) == {"body"}


async def test_tools_never_share_a_name():
    async with Bench(aliasing(), credentials={}) as bench:
        paths = ["acme.things.say", "acme.things_say"]
        tools = await toolbox(bench.plug, user_id="ana", actions=paths)
        again = await toolbox(bench.plug, user_id="ana", actions=paths)
        mine = [bench.connection.id] * 2
        assert len(await toolbox(bench.plug, user_id="ana", actions=paths[:1], connection_ids=mine)) == 1
    assert len({tool.name for tool in tools}) == 2
    assert [tool.name for tool in tools] == [tool.name for tool in again]
    assert all(len(tool.name) <= 64 for tool in tools)


async def test_every_refusal_is_logged_once_with_its_call_id(bench):
    tool = await one_tool(bench)
    await bench.plug.connections.disconnect(bench.connection.id, "ana")
    with pytest.raises(NoConnection) as caught:
        await tool({})
    (row,) = await bench.logs()
    assert (row.source, row.error, row.call_id) == ("tool", "NoConnection", caught.value.call_id)


async def test_a_refusal_that_cannot_be_logged_is_still_raised(bench, monkeypatch):
    async def gone(_entries):
        raise Unavailable("the database cannot be reached", code="store")

    tool = await one_tool(bench)
    monkeypatch.setattr(bench.plug.store, "add_logs", gone)
    with pytest.raises(InvalidParams):
        await tool({"number": "x"})


@pytest.mark.parametrize("given", [[1, 2], "text", 5])
async def test_arguments_must_be_an_object(bench, given):
    tool = await one_tool(bench)
    with pytest.raises(InvalidParams):
        await tool(given)


@pytest.mark.parametrize("wrong", [{"calls": 0}, {"per_seconds": 0}, {"characters": 0}, {"characters": -5}])
def test_limits_that_allow_nothing_are_refused(wrong):
    with pytest.raises(ConfigurationError):
        ToolLimits(**wrong)


async def test_an_inactive_connection_is_left_out_or_reported(bench):
    await bench.plug.connections.needs_reauth(bench.connection, "gone", Credentials())
    assert await toolbox(bench.plug, user_id="ana") == []
    (tool,) = await toolbox(
        bench.plug, user_id="ana", actions=["acme.numbers.ask"], connection_ids=[bench.connection.id]
    )
    with pytest.raises(NeedsReconnect):
        await tool({})
    answer = json.loads(await langchain_tools([tool])[0].ainvoke({}))
    assert answer["error"]["next"] == "reconnect"


async def test_a_result_is_cut_between_characters(bench):
    tool = await one_tool(bench, limits=ToolLimits(characters=30))

    async def faces(_call, _params):
        return Answered(number=1, anything="😀" * 100)

    object.__setattr__(bench.provider.actions["numbers.ask"], "run", faces)
    text = await tool.text({})
    assert "😀" in text
    assert text.encode()


async def test_a_result_that_cannot_be_json_is_an_error(bench):
    async def odd(_call, _params):
        return Answered(number=1, anything="\ud800")

    tool = await one_tool(bench)
    object.__setattr__(bench.provider.actions["numbers.ask"], "run", odd)
    with pytest.raises(Unexpected):
        await tool.text({})
