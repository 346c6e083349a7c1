"""Makes tools from actions.

    tools = await toolbox(plug, user_id="ana")     # of WhatsApp, e-mail and databases, what ana has connected
    tools = await toolbox(plug, user_id="ana", actions=["github.issues.create"])

A tool belongs to one user and one connection, which no argument can change. `fixed` parameters are the program's: an
agent neither sees nor sets them. Every call is noted in the action log with the source "tool", refused ones too.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from plugfn.connection import Connection, ConnectionStatus
from plugfn.definition import Action
from plugfn.errors import InvalidCall, InvalidParams, PlugFnError, Problem, RateLimited, UnknownName
from plugfn.plug import PlugFn
from plugfn.resilience.budget import Budget
from plugfn.storage.records import ActionLog

FAMILIES: Mapping[str, Sequence[str]] = {
    "whatsapp_": ("messages.send_text", "numbers.check"),
    "email_": ("messages.send",),
    "database_": ("query.run", "tables.list"),
}
"""What agents get by default: of every connected provider whose name begins so, these actions."""

MOST_CHARACTERS = 20_000
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True)
class ToolLimits:
    """At most `calls` of one tool in `per_seconds`; of a result at most `characters` reach the agent."""

    calls: int = 30
    per_seconds: int = 3600
    characters: int = MOST_CHARACTERS


@dataclass(frozen=True)
class Tool:
    """`await tool({"number": …})` runs it. `name`, `description` and `schema` are what a model is shown."""

    name: str
    description: str
    schema: Mapping[str, Any]
    action: Action[Any, Any]
    connection: Connection
    limits: ToolLimits
    fixed: Mapping[str, Any] = field(repr=False)
    plug: PlugFn = field(repr=False)

    async def __call__(self, arguments: Mapping[str, Any] | None = None) -> BaseModel:
        """The action's result. Raises PlugFnError; of RateLimited the code is tool_limit when it is the tool's own."""
        try:
            params = self._params(arguments or {})
            await self._within_limits()
        except PlugFnError as error:
            await self._note(error)
            raise
        return await self.plug.executor.run(
            self.action,
            user_id=self.connection.user_id,
            connection_id=self.connection.id,
            params=params,
            source="tool",
        )

    async def text(self, arguments: Mapping[str, Any] | None = None) -> str:
        """What to give a model: the result as JSON, cut to the limit. Raises PlugFnError."""
        shown = (await self(arguments)).model_dump_json()
        if len(shown) <= self.limits.characters:
            return shown
        return f"{shown[: self.limits.characters]}… (cut: {len(shown)} characters in all; ask for less)"

    def _params(self, arguments: Mapping[str, Any]) -> BaseModel:
        taken = [name for name in arguments if name in self.fixed]
        if taken:
            problems = [Problem(name, "is not the agent's to set") for name in taken]
            raise InvalidParams("the arguments are not valid", problems=problems)
        return self.plug.executor.validate(self.action, {**arguments, **self.fixed})

    async def _within_limits(self) -> None:
        budget = Budget(f"tool:{self.connection.id}:{self.action.name}", self.limits.calls, self.limits.per_seconds)
        if wait := await self.plug.shared.take(budget):
            raise RateLimited("this tool was called too often", retry_after=wait, code="tool_limit")

    async def _note(self, error: PlugFnError) -> None:
        """A row for a call that was refused before the executor could note it."""
        entry = ActionLog(
            call_id=uuid4().hex,
            attempt=0,
            user_id=self.connection.user_id,
            connection_id=self.connection.id,
            provider=self.action.provider,
            action=self.action.name,
            started_at=datetime.now(UTC),
            milliseconds=0.0,
            outcome="failed",
            error=type(error).__name__,
            code=error.code,
            source="tool",
        )
        await self.plug.store.add_logs([entry])


def explained(error: PlugFnError) -> str:
    """An error as a model is told it: what happened and what to do next, as JSON."""
    return json.dumps({"error": error.as_dict()}, ensure_ascii=False)


async def toolbox(
    plug: PlugFn,
    *,
    user_id: str,
    actions: Sequence[str] | None = None,
    connection_ids: Sequence[str] | None = None,
    fixed: Mapping[str, Mapping[str, Any]] | None = None,
    limits: ToolLimits | None = None,
) -> list[Tool]:
    """The tools of one user, by name.

    `actions`: their paths ("github.issues.create"); by default those of FAMILIES. `connection_ids`: only these
    connections. `fixed`: parameters by action path that the program sets. Raises UnknownName, InvalidCall (nothing of
    that is connected)."""
    connections = await _connections(plug, user_id, connection_ids)
    for path in [*(actions or ()), *(fixed or {})]:
        plug.providers.action(path)
    pairs = [(action, connection) for connection in connections for action in _wanted(plug, connection, actions)]
    paths = [action.path for action, _ in pairs]
    _check_found(actions, paths)
    return [
        # Of two connections at one provider each has its tools, told apart by the connection's id.
        _tool(plug, action, connection, (fixed or {}).get(action.path, {}), limits or ToolLimits(), paths)
        for action, connection in sorted(pairs, key=lambda pair: (pair[0].path, pair[1].id))
    ]


async def _connections(plug: PlugFn, user_id: str, chosen: Sequence[str] | None) -> list[Connection]:
    if chosen is not None:
        return [await plug.connections.get(one, user_id) for one in chosen]
    found = await plug.connections.list(user_id)
    return [connection for connection in found if connection.status is ConnectionStatus.ACTIVE]


def _wanted(plug: PlugFn, connection: Connection, paths: Sequence[str] | None) -> list[Action[Any, Any]]:
    if connection.provider not in plug.providers:
        return []
    known = plug.providers.get(connection.provider).actions
    if paths is not None:
        return [action for action in known.values() if action.path in paths]
    named = [name for family, names in FAMILIES.items() if connection.provider.startswith(family) for name in names]
    return [known[name] for name in named if name in known]


def _check_found(wanted: Sequence[str] | None, paths: Sequence[str]) -> None:
    missing = set(wanted or ()) - set(paths)
    if missing:
        raise InvalidCall(f"no active connection for {', '.join(sorted(missing))}", code="no_connection")


def _tool(
    plug: PlugFn,
    action: Action[Any, Any],
    connection: Connection,
    fixed: Mapping[str, Any],
    limits: ToolLimits,
    paths: Sequence[str],
) -> Tool:
    for name in fixed.keys() - action.params.model_fields.keys():
        raise UnknownName.among(f"parameter of {action.path}", name, list(action.params.model_fields))
    provider = plug.providers.get(action.provider)
    return Tool(
        name=_name(action, connection, alone=paths.count(action.path) == 1),
        description=f"{provider.label}: {action.summary}",
        schema=_without(action.params.model_json_schema(), fixed),
        action=action,
        connection=connection,
        limits=limits,
        fixed=fixed,
        plug=plug,
    )


def _name(action: Action[Any, Any], connection: Connection, *, alone: bool) -> str:
    """As the makers of models want it: letters, digits, _ and -, at most 64."""
    name = _NOT_IN_NAMES.sub("_", action.path)
    return name[:64] if alone else f"{name[:55]}_{connection.id[:8]}"


def _without(schema: dict[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: one for name, one in schema.get("properties", {}).items() if name not in fixed}
    required = [name for name in schema.get("required", ()) if name not in fixed]
    return {**schema, "properties": properties, "required": required}
