"""Actions as tools of AI agents: callables bound to one user, with limits, and logged."""

from plugfn.tools.toolbox import FAMILIES, Tool, ToolLimits, toolbox

__all__ = ["FAMILIES", "Tool", "ToolLimits", "toolbox"]
