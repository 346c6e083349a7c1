"""What a tool is: a function of ours that an agent may call, with the words that its model reads.

    @tool(title="Accounts and cards")
    def list_accounts(caller: Caller, asked: OfConnection) -> Answer:
        \"\"\"What the model reads about the tool.\"\"\"

Each app has its tools in its folder `tools`. They know nothing of MCP or LangChain; `core` brings the two together.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError

from apps.agents.caller import Caller
from apps.agents.failures import Refusal
from apps.api.scopes import Scope


class Arguments(BaseModel):
    """What an agent sends. An unknown name is an error: a filter with a slip of the pen must not return everything."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


Asked = TypeVar("Asked", bound=Arguments)


@dataclass(frozen=True)
class Answer:
    """What a tool returns. `content` is for JSON; `rows` counts what it lists.

    `cut` says in words what was left out, and `next_cursor` how to get it. `freshness` is how old the bank's data is.
    `warnings` are what the agent should tell the person.
    """

    content: Mapping[str, Any]
    rows: int = 1
    cut: str = ""
    next_cursor: str = ""
    freshness: Mapping[str, Any] | None = None
    warnings: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Tool:
    """`parse` checks what the agent sent, and raises Refusal; `run` gets what it returns.

    `calls_out`: it calls another server, so it has no transaction around it. Each that it opens is of the client.
    """

    name: str
    title: str
    description: str
    schema: Mapping[str, Any]
    parse: Callable[[Mapping[str, Any]], Any]
    run: Callable[[Caller, Any], Answer]
    scope: Scope = Scope.READ
    reads_only: bool = True
    destructive: bool = False
    idempotent: bool = True
    calls_out: bool = False


def tool(title: str, **more: Any) -> Callable[[Callable[[Caller, Asked], Answer]], Tool]:
    """Makes a Tool of a function: its name, its docstring, and the Arguments of its second parameter."""

    def make(run: Callable[[Caller, Asked], Answer]) -> Tool:
        kind = get_type_hints(run)[list(inspect.signature(run).parameters)[1]]
        words = inspect.cleandoc(run.__doc__ or "")
        return Tool(run.__name__, title, words, _schema(kind), lambda sent: _parse(kind, sent), run, **more)

    return make


def _schema(kind: type[Arguments]) -> Mapping[str, Any]:
    schema = kind.model_json_schema()
    properties = {name: _plain(shape) for name, shape in schema.get("properties", {}).items()}
    # The docstring of the class is for us.
    kept: dict[str, Any] = {
        name: schema[name] for name in ("type", "additionalProperties", "required", "$defs") if name in schema
    }
    return {**kept, "properties": properties}


def _plain(shape: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an argument without its title, and without null, which is the same as leaving it out."""
    kept = {name: value for name, value in shape.items() if name != "title" and (name, value) != ("default", None)}
    others = [each for each in kept.pop("anyOf", []) if each != {"type": "null"}]
    return {**kept, **(others[0] if len(others) == 1 else {"anyOf": others} if others else {})}


def _parse(kind: type[Asked], sent: Mapping[str, Any]) -> Asked:
    try:
        return kind.model_validate(sent)
    except ValidationError as error:
        # Without what was sent: it may be anything, and it would be in the answer twice.
        problems = {".".join(map(str, each["loc"])) or "arguments": each["msg"] for each in error.errors()[:20]}
        raise Refusal(
            "INVALID_INPUT", "Some arguments are not valid.", "Correct them and call again.", problems
        ) from None
