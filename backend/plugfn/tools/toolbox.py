"""Makes tools from actions.

    tools = await toolbox(plug, user_id="ana")     # for ana's WhatsApp, e-mail and databases
    tools = await toolbox(plug, user_id="ana", actions=["github.issues.create"])

A tool belongs to one user and one connection, which no argument can change. The program sets the `fixed` parameters;
the agent neither sees them nor sets them. Every call is in the action log with the source "tool", refused ones too.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from pydantic import AliasChoices, AliasPath, BaseModel
from pydantic.fields import FieldInfo

from plugfn.background_writes import complete
from plugfn.calls.results import json_of
from plugfn.connection import Connection, ConnectionStatus
from plugfn.definition import Action
from plugfn.errors import (
    ConfigurationError,
    InvalidCall,
    InvalidParams,
    PlugFnError,
    Problem,
    RateLimited,
    UnknownName,
)
from plugfn.plug import PlugFn
from plugfn.resilience.budget import Budget
from plugfn.storage.records import ActionLog

FAMILIES: Mapping[str, Sequence[str]] = {
    "whatsapp_": ("messages.send_text", "numbers.check"),
    "email_": ("messages.send",),
    "database_": ("query.run", "tables.list"),
}
"""The default tools: for each connected provider whose name has this prefix, these actions."""

MOST_CHARACTERS = 20_000
LONGEST_NAME = 64
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")

Pair = tuple[Action[Any, Any], Connection]


@dataclass(frozen=True)
class ToolLimits:
    """A tool runs at most `calls` times in `per_seconds`. The agent gets at most `characters` of a result."""

    calls: int = 30
    per_seconds: int = 3600
    characters: int = MOST_CHARACTERS

    def __post_init__(self) -> None:
        if self.calls < 1 or self.per_seconds < 1 or self.characters < 1:
            raise ConfigurationError("the limits of a tool must be at least one call, one second and one character")


@dataclass(frozen=True)
class Tool:
    """`await tool({"number": …})` runs it. The model sees `name`, `description` and `schema`."""

    name: str
    description: str
    schema: Mapping[str, Any]
    action: Action[Any, Any]
    connection: Connection
    limits: ToolLimits
    fixed: Mapping[str, Any] = field(repr=False)
    plug: PlugFn = field(repr=False)

    async def __call__(self, arguments: Mapping[str, Any] | None = None) -> BaseModel:
        """The action's result. Raises PlugFnError; RateLimited (code tool_limit) for its own limit."""
        try:
            params = self._params(arguments)
            await self._within_limits()
            return await self.plug.executor.run(
                self.action,
                user_id=self.connection.user_id,
                connection_id=self.connection.id,
                params=params,
                source="tool",
            )
        except PlugFnError as error:
            if not error.call_id:  # refused before the executor could log it
                await self._log_refusal(error)
            raise

    async def text(self, arguments: Mapping[str, Any] | None = None) -> str:
        """The result as JSON for a model, cut to the limit. Raises PlugFnError."""
        result = json_of(await self(arguments))
        if len(result) <= self.limits.characters:
            return result
        return f"{result[: self.limits.characters]}… (cut: {len(result)} characters in all; ask for less)"

    def _params(self, arguments: Mapping[str, Any] | None) -> BaseModel:
        values = {} if arguments is None else arguments
        if not isinstance(values, Mapping):
            raise InvalidParams("the arguments are not valid", problems=[Problem("", "must be an object")])
        fields = self.action.params.model_fields
        forbidden = {alias for name in self.fixed for alias in _names_of(name, fields[name])} & values.keys()
        if forbidden:
            problems = [Problem(name, "cannot be set by the agent") for name in sorted(forbidden)]
            raise InvalidParams("the arguments are not valid", problems=problems)
        fixed = {_names_of(name, fields[name])[0]: value for name, value in self.fixed.items()}
        return self.plug.executor.validate(self.action, {**values, **fixed})

    async def _within_limits(self) -> None:
        budget = Budget(f"tool:{self.connection.id}:{self.action.name}", self.limits.calls, self.limits.per_seconds)
        if wait := await self.plug.shared.take(budget):
            raise RateLimited("this tool was called too often", retry_after=wait, code="tool_limit")

    async def _log_refusal(self, error: PlugFnError) -> None:
        """Log a call that was refused before the executor could log it."""
        error.call_id = uuid4().hex
        error.provider, error.action = self.action.provider, self.action.name
        entry = ActionLog(
            call_id=error.call_id,
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
        await complete(self.plug.store.add_logs([entry]), "a refused call of a tool was not logged")


def explained(error: PlugFnError) -> str:
    """An error for a model: what happened and what to do next, as JSON."""
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
    """The tools for one user, by name.

    `actions`: action paths ("github.issues.create"); default: those of FAMILIES. `connection_ids`: only these
    connections. `fixed`: parameters that the program sets, by action path. Raises UnknownName, InvalidCall (an action
    has no active connection)."""
    connections = await _connections(plug, user_id, connection_ids)
    for path in [*(actions or ()), *(fixed or {})]:
        plug.providers.action(path)
    pairs = [(action, connection) for connection in connections for action in _actions_for(plug, connection, actions)]
    _check_connected(actions, [action.path for action, _ in pairs])
    names = _names(pairs)
    return [
        _tool(plug, action, connection, (fixed or {}).get(action.path, {}), limits or ToolLimits(), name)
        for (action, connection), name in sorted(zip(pairs, names, strict=True), key=lambda item: item[1])
    ]


async def _connections(plug: PlugFn, user_id: str, chosen: Sequence[str] | None) -> list[Connection]:
    if chosen is not None:
        return [await plug.connections.get(name, user_id) for name in dict.fromkeys(chosen)]
    connections = await plug.connections.list(user_id)
    return [connection for connection in connections if connection.status is ConnectionStatus.ACTIVE]


def _actions_for(plug: PlugFn, connection: Connection, paths: Sequence[str] | None) -> list[Action[Any, Any]]:
    if connection.provider not in plug.providers:
        return []
    known = plug.providers.get(connection.provider).actions
    if paths is not None:
        return [action for action in known.values() if action.path in paths]
    defaults = [name for family, names in FAMILIES.items() if connection.provider.startswith(family) for name in names]
    return [known[name] for name in defaults if name in known]


def _check_connected(wanted: Sequence[str] | None, paths: Sequence[str]) -> None:
    missing = set(wanted or ()) - set(paths)
    if missing:
        raise InvalidCall(f"no active connection for {', '.join(sorted(missing))}", code="no_connection")


def _tool(
    plug: PlugFn,
    action: Action[Any, Any],
    connection: Connection,
    fixed: Mapping[str, Any],
    limits: ToolLimits,
    name: str,
) -> Tool:
    for unknown in fixed.keys() - action.params.model_fields.keys():
        raise UnknownName.among(f"parameter of {action.path}", unknown, list(action.params.model_fields))
    provider = plug.providers.get(action.provider)
    return Tool(
        name=name,
        description=f"{provider.label}: {action.summary}",
        schema=_without(action, fixed),
        action=action,
        connection=connection,
        limits=limits,
        fixed=fixed,
        plug=plug,
    )


def _names(pairs: Sequence[Pair]) -> list[str]:
    """Names that model vendors accept: letters, digits, _ and -, at most 64, and all different.

    Two connections at the same provider have different tools: their names contain a digest of its id."""
    plain = [_NOT_IN_NAMES.sub("_", action.path) for action, _ in pairs]
    return [
        name if len(name) <= LONGEST_NAME and plain.count(name) == 1 else f"{name[:51]}_{_digest(*pair)}"
        for name, pair in zip(plain, pairs, strict=True)
    ]


def _digest(action: Action[Any, Any], connection: Connection) -> str:
    return sha256(f"{action.path}|{connection.id}".encode()).hexdigest()[:12]


def _names_of(name: str, field: FieldInfo) -> list[str]:
    """All names that an argument may use for a field. The first one always works."""
    alias = field.validation_alias or field.alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    aliases = [str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in choices if choice]
    return [*aliases, name]


def _without(action: Action[Any, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    schema = action.params.model_json_schema()
    hidden = {alias for name in fixed for alias in _names_of(name, action.params.model_fields[name])}
    properties = {name: shape for name, shape in schema.get("properties", {}).items() if name not in hidden}
    required = [name for name in schema.get("required", ()) if name not in hidden]
    return {**schema, "properties": properties, "required": required}
