"""Tools over the Model Context Protocol: `await serve_stdio(await toolbox(plug, user_id="ana"))`."""

from collections.abc import Sequence
from typing import Any

from plugfn.errors import PlugFnError, UnknownName
from plugfn.extras import needs
from plugfn.tools.toolbox import Tool, explained

with needs("mcp"):
    import mcp_types as types
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server


def mcp_server(tools: Sequence[Tool], name: str = "plugfn") -> Server[Any]:
    """A server with these tools. The model gets an error as a result that is marked as one, with what to do next."""
    by_name = {tool.name: tool for tool in tools}

    async def listed(_context: Any, _params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in tools])

    async def called(_context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            if params.name not in by_name:
                raise UnknownName.among("tool", params.name, by_name)
            return _result(await by_name[params.name].text(params.arguments))
        except PlugFnError as error:
            return _result(explained(error), failed=True)

    return Server(name, on_list_tools=listed, on_call_tool=called)


async def serve_stdio(tools: Sequence[Tool], name: str = "plugfn") -> None:
    """Serve on standard input and output until they close."""
    server = mcp_server(tools, name)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def _described(tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(read_only_hint=tool.action.safe, open_world_hint=True)
    return types.Tool(name=tool.name, description=tool.description, input_schema=dict(tool.schema), annotations=hints)


def _result(text: str, *, failed: bool = False) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)
