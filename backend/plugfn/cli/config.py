"""The settings file of the command line: plugfn.toml.

    encryption_key = { env = "PLUGFN_ENCRYPTION_KEY" }
    database = "sqlite:///plugfn.db"
    base_url = "http://127.0.0.1:8700"

    [integrations.github]
    client_id = "Iv1.0123456789"
    client_secret = { env = "GITHUB_CLIENT_SECRET" }

Any value may be { env = "NAME" }. PlugFn then reads it from the environment, so that the file needs no secrets.
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


def plug_from(path: Path, wanted: Collection[str] | None = None, **options: Any) -> PlugFn:
    """A PlugFn configured by the file, with the built-in providers of `wanted`.

    None: every built-in provider whose required settings and libraries are present. Raises UnknownName, and
    ConfigurationError, which names settings and never shows their values."""
    read = _read(path, os.environ)
    integrations = read.pop("integrations", {})
    needed = integrations.keys() if wanted is None else wanted
    for name in integrations.keys() - BUILT_IN.keys():
        raise ConfigurationError(f"{path}: unknown provider {name!r}: {suggestion(name, list(BUILT_IN))}")
    chosen = {name: settings for name, settings in integrations.items() if name in needed}
    # Only the user who runs this command may read the files that it creates, above all the database.
    os.umask(0o077)
    plug = PlugFn(**read, integrations=chosen, **options)
    for name in BUILT_IN if wanted is None else wanted:
        _register(plug, name, required=name in needed)
    return plug


def _register(plug: PlugFn, name: str, *, required: bool) -> None:
    """Registers a provider. If its settings or libraries are missing, raises only if the provider is `required`."""
    try:
        plug.providers.register(load(name))
    except ConfigurationError:
        if required:
            raise


def _read(path: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path} does not exist: run `plugfn init` to create it") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise ConfigurationError(f"{path} is not valid TOML") from None
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror or type(error).__name__}") from None
    for name in found.keys() - KEYS:
        raise ConfigurationError(f"{path}: unknown key {name!r}: {suggestion(name, sorted(KEYS))}")
    return {name: _resolved(value, name, environment) for name, value in found.items()}


def _resolved(value: Any, where: str, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict) and value.keys() == {"env"}:
        if not (found := environment.get(str(value["env"]))):
            raise ConfigurationError(f"set the environment variable {value['env']}: the settings read {where} from it")
        return found
    if isinstance(value, dict):
        return {name: _resolved(inner, f"{where}.{name}", environment) for name, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, where, environment) for inner in value]
    return value
