"""Writes generated_types.py, which tells type checkers the parameters and results of each built-in action."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from plugfn.definition import Action, Provider

HEADER = '''"""Types for type checkers: `plug.github.issues.create(…)` and all other built-in actions.

Written by `plugfn types` from the built-in providers: change those, not this file. Nothing of it is used at run time.
"""

from collections.abc import Mapping
from typing import Any, Protocol, Unpack

{imports}
'''

WIDTH = 120
CALL_CONTEXT = ("plugfn.calls.options", "CallContext")


@dataclass
class Group:
    """The actions with a common prefix: `actions` by the last part of their names, `groups` by the next part."""

    actions: dict[str, Action[Any, Any]] = field(default_factory=dict)
    groups: dict[str, "Group"] = field(default_factory=dict)


def types_source(providers: Iterable[Provider]) -> str:
    """The text of generated_types.py."""
    chosen = sorted(providers, key=lambda provider: provider.name)
    names = _Names(chosen)
    lines: list[str] = []
    for plain in (False, True):
        for provider in chosen:
            lines += _classes(_class_name(provider.name, plain), _grouped(provider), plain, names)
        lines += _whole(chosen, plain)
    return HEADER.format(imports="\n".join(names.imports())) + "\n".join(lines) + "\n"


class _Names:
    """The name of each model in the generated module: with its provider's in front when two models share it."""

    def __init__(self, providers: list[Provider]) -> None:
        self._homes: dict[str, dict[str, str]] = {}
        for provider in providers:
            for action in provider.actions.values():
                for model in (action.params, action.result):
                    self._homes.setdefault(model.__name__, {}).setdefault(model.__module__, provider.name)

    def of(self, model: type[Any]) -> str:
        homes = self._homes[model.__name__]
        return model.__name__ if len(homes) == 1 else _camel(homes[model.__module__]) + model.__name__

    def imports(self) -> list[str]:
        plain: dict[str, list[str]] = {CALL_CONTEXT[0]: [CALL_CONTEXT[1]]}
        renamed: dict[str, list[str]] = {}
        for name, homes in sorted(self._homes.items()):
            for module in homes:
                (plain if len(homes) == 1 else renamed).setdefault(module, []).append(name)
        lines: list[str] = []
        for module in sorted(plain.keys() | renamed.keys()):
            lines += _import(module, plain.get(module, []))
            for name in renamed.get(module, []):
                alias = _camel(self._homes[name][module]) + name
                lines.append(f"from {module} import {name} as {alias}")
        return lines


def _import(module: str, names: list[str]) -> list[str]:
    if not names:
        return []
    whole = f"from {module} import {', '.join(names)}"
    if len(whole) <= WIDTH:
        return [whole]
    return [f"from {module} import (", *(f"    {name}," for name in names), ")"]


def _grouped(provider: Provider) -> Group:
    root = Group()
    for name, action in provider.actions.items():
        *path, last = name.split(".")
        group = root
        for part in path:
            group = group.groups.setdefault(part, Group())
        group.actions[last] = action
    return root


def _classes(name: str, group: Group, plain: bool, names: _Names) -> list[str]:
    """The class of a group, after the classes of the groups in it."""
    lines: list[str] = []
    for part, inner in sorted(group.groups.items()):
        lines += _classes(name + _camel(part), inner, plain, names)
    body = [f"    {part}: {_attributes(name + _camel(part))}" for part in sorted(group.groups)]
    body += [""] if body and group.actions else []
    for part, action in sorted(group.actions.items()):
        body += _method(part, action, plain, names)
    return [*lines, "", "", f"class {_attributes(name)}(Protocol):", *(body[:-1] if body[-1] == "" else body)]


def _method(name: str, action: Action[Any, Any], plain: bool, names: _Names) -> list[str]:
    begin = f"    {'def' if plain else 'async def'} {name}("
    end = f") -> {names.of(action.result)}:"
    params = f"params: {names.of(action.params)} | Mapping[str, Any]"
    if not any(field.is_required() for field in action.params.model_fields.values()):
        params += " | None = None"
    return [*_signature(begin, ["self", "*", params, "**call: Unpack[CallContext]"], end), *_docstring(action.summary)]


def _signature(begin: str, arguments: list[str], end: str) -> list[str]:
    """On one line, or with its arguments on the next, or with one argument a line: as formatters write it."""
    inside = ", ".join(arguments)
    if len(f"{begin}{inside}{end}") <= WIDTH:
        return [f"{begin}{inside}{end}"]
    if len(inside) + 8 <= WIDTH:
        return [begin, f"        {inside}", f"    {end}"]
    return [begin, *(f"        {argument}," for argument in arguments), f"    {end}"]


def _docstring(summary: str) -> list[str]:
    return [f'        """{summary}"""', ""]


def _whole(providers: list[Provider], plain: bool) -> list[str]:
    what = "SyncProviderAttributes" if plain else "ProviderAttributes"
    body = [f"    {provider.name}: {_attributes(_class_name(provider.name, plain))}" for provider in providers]
    return [
        "",
        "",
        f"class {what}:",
        f'    """The providers as attributes of {"Sync" if plain else ""}PlugFn."""',
        "",
        *body,
    ]


def _class_name(provider: str, plain: bool) -> str:
    return ("Sync" if plain else "") + _camel(provider)


def _attributes(name: str) -> str:
    return f"{name}Attributes"


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
