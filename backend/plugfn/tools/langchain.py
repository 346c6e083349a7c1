"""Tools for LangChain: `langchain_tools(await toolbox(plug, user_id="ana"))`."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from plugfn.errors import PlugFnError
from plugfn.extras import needs
from plugfn.sync import SyncPlugFn
from plugfn.tools.toolbox import Tool, explained

with needs("langchain"):
    from langchain_core.tools import BaseTool, StructuredTool, ToolException


def langchain_tools(tools: Sequence[Tool], plain: SyncPlugFn | None = None) -> list[BaseTool]:
    """A StructuredTool for each tool. With `plain` they can also be called without await.

    The model reads an error as the tool's answer, with what to do next; it does not end the agent."""
    return [_structured(tool, plain) for tool in tools]


def _structured(tool: Tool, plain: SyncPlugFn | None) -> BaseTool:
    call = _call(tool)
    return StructuredTool(
        name=tool.name,
        description=tool.description,
        args_schema=dict(tool.schema),
        coroutine=call,
        func=None if plain is None else _blocking(call, plain),
        handle_tool_error=True,
    )


def _call(tool: Tool) -> Callable[..., Awaitable[str]]:
    async def call(**arguments: Any) -> str:
        try:
            return await tool.text(arguments)
        except PlugFnError as error:
            raise ToolException(explained(error)) from error

    return call


def _blocking(call: Callable[..., Awaitable[str]], plain: SyncPlugFn) -> Callable[..., str]:
    def run(**arguments: Any) -> str:
        return plain.wait_for(call(**arguments))

    return run
