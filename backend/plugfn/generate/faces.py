"""Writes faces.py: for type checkers, what `plug.github.issues.create` takes and gives, for every built-in provider."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from plugfn.definition import Action, Provider

HEADER = '''"""What type checkers know of `plug.github.issues.create(…)` and its like.

Written by `plugfn types` from the built-in providers: change those, not this. At run time nothing of it is used.
"""

from collections.abc import Mapping
from typing import Any, Protocol, Unpack

from plugfn.options import CallContext
{imports}
'''


@dataclass
class Group:
    """The actions that begin with one prefix: `actions` by the last part of their names, `groups` by the next."""

    actions: dict[str, Action[Any, Any]] = field(default_factory=dict)
    groups: dict[str, "Group"] = field(default_factory=dict)


def faces_source(providers: Iterable[Provider]) -> str:
    """The text of faces.py."""
    chosen = sorted(providers, key=lambda provider: provider.name)
    names = _Names(chosen)
    lines: list[str] = []
    for plain in (False, True):
        for provider in chosen:
            lines += _classes(_class_name(provider.name, plain), _grouped(provider), plain, names)
        lines += _whole(chosen, plain)
    return HEADER.format(imports="\n".join(names.imports())) + "\n".join(lines) + "\n"


class _Names:
    """What each model is called in the written module: its own name, or one with its provider's where two share it."""

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
        wanted: dict[str, list[str]] = {}
        for name, homes in sorted(self._homes.items()):
            for module, provider in homes.items():
                alias = "" if len(homes) == 1 else f" as {_camel(provider)}{name}"
                wanted.setdefault(module, []).append(f"{name}{alias}")
        return [f"from {module} import {', '.join(names)}" for module, names in sorted(wanted.items())]


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
    """The class of a group, after those of the groups within it."""
    lines: list[str] = []
    for part, inner in sorted(group.groups.items()):
        lines += _classes(name + _camel(part), inner, plain, names)
    body = [f"    {part}: {name}{_camel(part)}" for part in sorted(group.groups)]
    for part, action in sorted(group.actions.items()):
        body += _method(part, action, plain, names)
    return [*lines, "", "", f"class {name}(Protocol):", *body]


def _method(name: str, action: Action[Any, Any], plain: bool, names: _Names) -> list[str]:
    begin = "def" if plain else "async def"
    params, result = names.of(action.params), names.of(action.result)
    return [
        f"    {begin} {name}(",
        f"        self, *, params: {params} | Mapping[str, Any], **call: Unpack[CallContext]",
        f"    ) -> {result}:",
        f'        """{action.summary}"""',
        "        ...",
        "",
    ]


def _whole(providers: list[Provider], plain: bool) -> list[str]:
    what = "SyncFaces" if plain else "Faces"
    body = [f"    {provider.name}: {_class_name(provider.name, plain)}" for provider in providers]
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


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
