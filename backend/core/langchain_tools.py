"""The tools for LangChain: `tools_for(member)`. Needs langchain-core, which Ponte itself does not.

    from core.langchain_tools import tools_for

    agent = create_agent(model, tools_for(member))

A failed call is an answer with an error, which the model reads; it does not end the agent.
"""

from collections.abc import Callable, Iterable
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool, ToolException

from apps.agents.call import call
from apps.agents.caller import Caller
from apps.agents.contract import Tool
from apps.api.scopes import Access, Scope, granted
from apps.clients.models import Membership
from core.agent_tools import CATALOG


def tools_for(member: Membership, scopes: Iterable[str] = (Scope.READ,), *, name: str = "LangChain") -> list[BaseTool]:
    """The tools for one person in one client, as far as the scopes and the person's role allow. They work in threads.

    `name` is what the log of calls says. The membership is read with its user and client.
    """
    access = Access("agent", member.user, member, granted(map(str, scopes), member.user))
    caller = Caller(access, member, name)
    return [_structured(caller, tool) for tool in CATALOG.tools(caller)]


def _structured(caller: Caller, tool: Tool) -> BaseTool:
    return StructuredTool(
        name=tool.name,
        description=tool.description,
        args_schema=dict(tool.schema),
        func=_function(caller, tool.name),
        handle_tool_error=True,
    )


def _function(caller: Caller, name: str) -> Callable[..., str]:
    def run(**arguments: Any) -> str:
        result = call(CATALOG, caller, name, arguments)
        if result.failure:
            raise ToolException(result.text)
        return result.text

    return run
