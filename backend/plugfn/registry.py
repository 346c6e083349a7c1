"""The registered providers, and their actions and events by name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plugfn.definition import Action, Provider, Settings, Trigger
from plugfn.errors import ConfigurationError, UnknownName, suggestion
from plugfn.problems import problems_of

ANY_EVENT = "*"
RESERVED = frozenset(
    {
        "base_url",
        "batch",
        "check_keys",
        "close",
        "connections",
        "executor",
        "guard",
        "let_in",
        "limits",
        "metrics",
        "open",
        "pool",
        "providers",
        "ring",
        "rotate_keys",
        "run",
        "shared",
        "store",
        "user_of",
        "webhooks",
        "workflows",
    }
)
"""Names of PlugFn's own attributes."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")


class ProviderRegistry:
    """Providers by name, each with its settings. `integrations` has the operator's settings by provider name."""

    def __init__(self, integrations: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._integrations = dict(integrations or {})
        self._providers: dict[str, Provider] = {}
        self._settings: dict[str, Settings] = {}

    def register(self, *providers: Provider) -> None:
        """Register providers. Raises ConfigurationError: invalid settings, or another provider has the same name."""
        for provider in providers:
            _check_type(provider)
            _check_name(provider.name)
            known = self._providers.get(provider.name)
            if known is not None and known is not provider:
                raise ConfigurationError(f"another provider is already called {provider.name}")
            self._settings[provider.name] = self._read_settings(provider)
            self._providers[provider.name] = provider

    def _read_settings(self, provider: Provider) -> Settings:
        try:
            return provider.settings.model_validate(self._integrations.get(provider.name, {}))
        except ValueError as error:
            wrong = "; ".join(str(problem) for problem in problems_of(error, provider.settings))
            raise ConfigurationError(f"integrations[{provider.name!r}]: {wrong}") from None

    def check(self) -> None:
        """Raises ConfigurationError when settings are given for a provider that is not registered."""
        for name in self._integrations.keys() - self._providers.keys():
            near = suggestion(name, list(self._providers))
            raise ConfigurationError(f"integrations names {name!r}, which is not a registered provider: {near}")

    def get(self, name: str) -> Provider:
        """The provider of this name. Raises UnknownName."""
        if (provider := self._providers.get(name)) is None:
            raise UnknownName.among("provider", name, self._providers)
        return provider

    def settings(self, name: str) -> Settings:
        """The provider's settings. Raises UnknownName."""
        return self._settings[self.get(name).name]

    def action(self, path: str) -> Action[Any, Any]:
        """The action with a path such as "github.issues.create". Raises UnknownName."""
        provider = self.get(path.partition(".")[0])
        name = path.partition(".")[2]
        if (action := provider.actions.get(name)) is None:
            raise UnknownName.among(f"action of {provider.name}", name, provider.actions, provider=provider.name)
        return action

    def trigger(self, provider_name: str, event: str) -> Trigger:
        """A provider's declared event. Raises UnknownName."""
        provider = self.get(provider_name)
        for trigger in provider.triggers:
            if trigger.name == event:
                return trigger
        known = [trigger.name for trigger in provider.triggers]
        raise UnknownName.among(f"event of {provider.name}", event, known, provider=provider.name)

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._providers.values())

    def __contains__(self, name: object) -> bool:
        return name in self._providers

    def __len__(self) -> int:
        return len(self._providers)


def _check_type(provider: object) -> None:
    if not isinstance(provider, Provider):
        got = f"{provider!r:.60}" if isinstance(provider, str) else f"a {type(provider).__name__}"
        raise ConfigurationError(f"register takes providers, such as plugfn.providers.github_provider, not {got}")


def _check_name(name: str) -> None:
    if name in RESERVED:
        raise ConfigurationError(f"a provider cannot be called {name!r}: plug.{name} is an attribute of PlugFn")
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"a provider's name must be lower-case letters, digits and _, not {name[:60]!r}")
