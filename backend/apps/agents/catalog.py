"""All tools of this installation, and those that a caller may use."""

from collections.abc import Callable, Iterable, Sequence

from apps.agents.caller import Caller
from apps.agents.contract import Tool
from apps.agents.failures import Refusal
from lib.row_security import for_client

# An app's tools for a caller. Some apps have the same for all, others only those of what the client has connected: they
# see the client's rows.
Source = Callable[[Caller], Iterable[Tool]]


class Catalog:
    """The tools of several sources. Two tools of one name are an error of ours."""

    def __init__(self, *sources: Source) -> None:
        self._sources = sources

    def tools(self, caller: Caller) -> Sequence[Tool]:
        """The tools that the caller's scopes and role allow, in the order of the sources."""
        return [tool for tool in self._all(caller) if not _refusal(caller, tool)]

    def find(self, caller: Caller, name: str) -> Tool:
        """The tool of that name. Raises Refusal if there is none, or if the caller may not use it."""
        for tool in self._all(caller):
            if tool.name == name:
                if refusal := _refusal(caller, tool):
                    raise refusal
                return tool
        raise Refusal("NO_SUCH_TOOL", "There is no such tool.", "List the tools again, and use one of them.")

    def _all(self, caller: Caller) -> Sequence[Tool]:
        with for_client(caller.client.pk):
            found = [tool for source in self._sources for tool in source(caller)]
        names = [tool.name for tool in found]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two tools are called {min(twice)}")
        return found


def _refusal(caller: Caller, tool: Tool) -> Refusal | None:
    if not caller.may(tool.scope):
        advice = f"The person must give this access the scope “{tool.scope}”: connect again, or use another token."
        return Refusal("SCOPE_MISSING", "This access lacks the tool's scope.", advice, {"scope": str(tool.scope)})
    if not tool.reads_only and not caller.member.may_write:
        advice = "Tell the person that an owner of the client can change the role."
        return Refusal("READ_ONLY_ROLE", "The person may only read in this client.", advice)
    return None
