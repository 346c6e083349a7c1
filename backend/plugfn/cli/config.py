"""The file that tells the command line what PlugFn is to be: plugfn.toml.

    encryption_key = { env = "PLUGFN_ENCRYPTION_KEY" }
    database = "sqlite:///plugfn.db"
    base_url = "http://127.0.0.1:8700"

    [integrations.github]
    client_id = "Iv1.0123456789"
    client_secret = { env = "GITHUB_CLIENT_SECRET" }

Any value may be { env = "NAME" }: then it is read from the environment, and no secret needs to be in the file.
"""

import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from plugfn.errors import ConfigurationError, suggestion
from plugfn.plug import PlugFn
from plugfn.providers import BUILT_IN, load

DEFAULT = Path("plugfn.toml")
KEYS = frozenset({"encryption_key", "database", "base_url", "redis", "allowed_networks", "integrations"})


def plug_from(path: Path, wanted: Collection[str] = BUILT_IN, **options: Any) -> PlugFn:
    """A PlugFn as the file says, with the built-in providers among `wanted` that its settings (or none) suffice for.

    Raises ConfigurationError, which names settings and never shows values."""
    read = _read(path, os.environ)
    integrations = read.pop("integrations", {})
    for name in integrations.keys() - BUILT_IN.keys():
        raise ConfigurationError(f"{path} has integrations for {name!r}: {suggestion(name, list(BUILT_IN))}")
    chosen = {name: settings for name, settings in integrations.items() if name in wanted}
    # What is made from here on, the database above all, is for the eyes of whoever runs this alone.
    os.umask(0o077)
    plug = PlugFn(**read, integrations=chosen, **options)
    for name in BUILT_IN.keys() & set(wanted):
        _register(plug, name, required=name in chosen)
    return plug


def _register(plug: PlugFn, name: str, *, required: bool) -> None:
    """A provider that nobody set up is left out when it cannot do without (its secrets, its libraries)."""
    try:
        plug.providers.register(load(name))
    except ConfigurationError:
        if required:
            raise


def _read(path: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"there is no {path}: `plugfn init` writes one") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {type(error).__name__}") from None
    for name in found.keys() - KEYS:
        raise ConfigurationError(f"{path} has an unknown key {name!r}: {suggestion(name, sorted(KEYS))}")
    return {name: _resolved(value, name, environment) for name, value in found.items()}


def _resolved(value: Any, where: str, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict) and value.keys() == {"env"}:
        if not (found := environment.get(str(value["env"]))):
            raise ConfigurationError(
                f"{where} is to come from the environment variable {value['env']}, which is not set"
            )
        return found
    if isinstance(value, dict):
        return {name: _resolved(inner, f"{where}.{name}", environment) for name, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, where, environment) for inner in value]
    return value
