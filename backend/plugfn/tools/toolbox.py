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
"""What agents get by default: of every connected provider whose name begins so, these actions."""

MOST_CHARACTERS = 20_000
LONGEST_NAME = 64
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")

Pair = tuple[Action[Any, Any], Connection]


@dataclass(frozen=True)
class ToolLimits:
    """At most `calls` of one tool in `per_seconds`; of a result at most `characters` reach the agent."""

    calls: int = 30
    per_seconds: int = 3600
    characters: int = MOST_CHARACTERS

    def __post_init__(self) -> None:
        if self.calls < 1 or self.per_seconds < 1 or self.characters < 1:
            raise ConfigurationError("the limits of a tool allow at least one call, in one second, of one character")


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
            if not error.call_id:  # it was refused before there was a call that the executor could note
                await self._note(error)
            raise

    async def text(self, arguments: Mapping[str, Any] | None = None) -> str:
        """What to give a model: the result as JSON, cut to the limit. Raises PlugFnError."""
        shown = json_of(await self(arguments))
        if len(shown) <= self.limits.characters:
            return shown
        return f"{shown[: self.limits.characters]}… (cut: {len(shown)} characters in all; ask for less)"

    def _params(self, arguments: Mapping[str, Any] | None) -> BaseModel:
        given = {} if arguments is None else arguments
        if not isinstance(given, Mapping):
            raise InvalidParams("the arguments are not valid", problems=[Problem("", "must be an object")])
        fields = self.action.params.model_fields
        taken = {alias for name in self.fixed for alias in _names_of(name, fields[name])} & given.keys()
        if taken:
            problems = [Problem(name, "is not the agent's to set") for name in sorted(taken)]
            raise InvalidParams("the arguments are not valid", problems=problems)
        ours = {_names_of(name, fields[name])[0]: value for name, value in self.fixed.items()}
        return self.plug.executor.validate(self.action, {**given, **ours})

    async def _within_limits(self) -> None:
        budget = Budget(f"tool:{self.connection.id}:{self.action.name}", self.limits.calls, self.limits.per_seconds)
        if wait := await self.plug.shared.take(budget):
            raise RateLimited("this tool was called too often", retry_after=wait, code="tool_limit")

    async def _note(self, error: PlugFnError) -> None:
        """A row for a call that was refused before the executor could note it."""
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
        await complete(self.plug.store.add_logs([entry]), "a tool's refusal was not noted")


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
    _check_found(actions, [action.path for action, _ in pairs])
    names = _names(pairs)
    return [
        _tool(plug, action, connection, (fixed or {}).get(action.path, {}), limits or ToolLimits(), name)
        for (action, connection), name in sorted(zip(pairs, names, strict=True), key=lambda one: one[1])
    ]


async def _connections(plug: PlugFn, user_id: str, chosen: Sequence[str] | None) -> list[Connection]:
    if chosen is not None:
        return [await plug.connections.get(one, user_id) for one in dict.fromkeys(chosen)]
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
    """As the makers of models want them: letters, digits, _ and -, at most 64. No two are the same.

    Of two connections at one provider each has its tools, told apart by the connection's id."""
    plain = [_NOT_IN_NAMES.sub("_", action.path) for action, _ in pairs]
    return [
        name if len(name) <= LONGEST_NAME and plain.count(name) == 1 else f"{name[:51]}_{_digest(*pair)}"
        for name, pair in zip(plain, pairs, strict=True)
    ]


def _digest(action: Action[Any, Any], connection: Connection) -> str:
    return sha256(f"{action.path}|{connection.id}".encode()).hexdigest()[:12]


def _names_of(name: str, field: FieldInfo) -> list[str]:
    """Every name by which an argument may set a field. By the first one it always can be set."""
    alias = field.validation_alias or field.alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    told = [str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in choices if choice]
    return [*told, name]


def _without(action: Action[Any, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    schema = action.params.model_json_schema()
    hidden = {alias for name in fixed for alias in _names_of(name, action.params.model_fields[name])}
    properties = {name: one for name, one in schema.get("properties", {}).items() if name not in hidden}
    required = [name for name in schema.get("required", ()) if name not in hidden]
    return {**schema, "properties": properties, "required": required}
