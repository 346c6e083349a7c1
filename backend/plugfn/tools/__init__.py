"""Actions as tools of an AI agent: plain callables bound to one user, with limits and a row for every call."""

from plugfn.tools.toolbox import FAMILIES, Tool, ToolLimits, toolbox

__all__ = ["FAMILIES", "Tool", "ToolLimits", "toolbox"]
