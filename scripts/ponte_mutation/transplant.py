"""Put a mutant into a running process, so that a mutant costs no start of Django and no new database.

The mutated source runs in a namespace of its own. Functions and methods then get its code, so that whoever holds them
runs the mutant, and all other values replace the old ones in every module that imported them. What cannot be reached
this way stays as it was: then the mutant survives and is seen, so that the figure is never too high.
"""

import sys
from enum import Enum
from types import FunctionType, ModuleType
from typing import Any


def transplant(module: ModuleType, source: str) -> None:
    """Make `module` behave as if it had been imported from `source`."""
    names = ("__name__", "__file__", "__package__", "__spec__", "__loader__")
    fresh = {name: vars(module)[name] for name in names}
    exec(compile(source, str(module.__file__), "exec"), fresh)  # noqa: S102 - this is its purpose
    for name, new in fresh.items():
        if name in names or name == "__builtins__":
            continue
        old = vars(module).get(name)
        if not _graft(old, new, module.__name__):
            _replace_everywhere(module, name, old, new)


def _graft(old: Any, new: Any, owner: str) -> bool:
    """Give a function or class the code of the new one; False if it is neither."""
    if isinstance(old, type) and isinstance(new, type) and old.__module__ == owner:
        _graft_class(old, new, owner)
        return True
    if isinstance(old, property) and isinstance(new, property):
        return _graft(old.fget, new.fget, owner)
    if hasattr(old, "cache_clear"):
        old.cache_clear()
    old, new = _unwrapped(old), _unwrapped(new)
    if not (isinstance(old, FunctionType) and isinstance(new, FunctionType)):
        return False
    if len(old.__code__.co_freevars) != len(new.__code__.co_freevars) or old.__module__ != owner:
        return False
    old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
    return True


def _graft_class(old: type, new: type, owner: str) -> None:
    for name, value in vars(new).items():
        if name not in vars(old) or _graft(vars(old)[name], value, owner) or issubclass(old, Enum):
            continue
        if not name.startswith("__") and isinstance(value, str | int | float | tuple | list | set | frozenset):
            setattr(old, name, value)


def _unwrapped(value: Any) -> Any:
    """The function inside a decorator's, a class method or a static method."""
    while inner := getattr(value, "__wrapped__", None) or getattr(value, "__func__", None):
        value = inner
    return value


def _replace_everywhere(module: ModuleType, name: str, old: Any, new: Any) -> None:
    for other in list(sys.modules.values()):
        names = vars(other) if isinstance(other, ModuleType) else {}
        if other is module or (name in names and names[name] is old and old is not None):
            names[name] = new
