"""`plug.github.issues.create(…)`: a provider's actions as attributes. Type checkers read generated_types.py."""

from collections.abc import Awaitable, Callable
from typing import Any, Unpack

from pydantic import BaseModel

from plugfn.calls.options import CallOptions
from plugfn.definition import Action, Provider
from plugfn.errors import UnknownAttribute, suggestion

RunAction = Callable[..., Awaitable[BaseModel]]


class BoundAction:
    """An action that can be called as a function."""

    def __init__(self, action: Action[Any, Any], run: RunAction) -> None:
        self.action, self._run = action, run
        self.__doc__ = action.summary

    async def __call__(self, **call: Unpack[CallOptions]) -> BaseModel:
        """Run the action. Takes what PlugFn.run takes."""
        return await self._run(self.action, **call)

    def __repr__(self) -> str:
        return f"<action {self.action.path}>"


class Attributes:
    """A provider, or a group of its actions ("issues"). Unknown names raise UnknownAttribute with a suggestion."""

    def __init__(self, provider: Provider, run: RunAction, prefix: str = "") -> None:
        self._provider, self._run_action, self._prefix = provider, run, prefix

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        path = f"{self._prefix}{name}"
        if (action := self._provider.actions.get(path)) is not None:
            return BoundAction(action, self._run_action)
        if any(known.startswith(f"{path}.") for known in self._provider.actions):
            return Attributes(self._provider, self._run_action, f"{path}.")
        raise UnknownAttribute(
            f"no action of {self._provider.name} is called {path!r}: {suggestion(path, list(self._provider.actions))}",
            provider=self._provider.name,
        )

    def __dir__(self) -> list[str]:
        return sorted({name[len(self._prefix) :].partition(".")[0] for name in self._names()})

    def _names(self) -> list[str]:
        return [name for name in self._provider.actions if name.startswith(self._prefix)]

    def __repr__(self) -> str:
        return f"<actions of {self._provider.name}: {', '.join(self._names())}>"
