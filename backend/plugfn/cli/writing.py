"""Files that commands write."""

import os
from pathlib import Path

from plugfn.errors import ConfigurationError
from plugfn.generate.provider import make_provider
from plugfn.generate.provider_types import types_source
from plugfn.providers import BUILT_IN, load

CONFIG = """\
# PlugFn's settings. Any value may be { env = "NAME" }: PlugFn then reads it from the environment.
encryption_key = { env = "PLUGFN_ENCRYPTION_KEY" }
database = "sqlite:///plugfn.db"
base_url = "http://127.0.0.1:8700"

# Your OAuth application. Its callback URL: http://127.0.0.1:8700/oauth/github/callback
# [integrations.github]
# client_id = "…"
# client_secret = { env = "GITHUB_CLIENT_SECRET" }
"""


def write_config(path: Path) -> None:
    """Writes a first plugfn.toml. Raises ConfigurationError if the file exists."""
    try:
        # The operator may write a secret into it.
        with open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(CONFIG)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {type(error).__name__}") from None


def write_provider(name: str, folder: Path, label: str) -> list[Path]:
    """A new provider's folder. Raises ConfigurationError."""
    return make_provider(name, folder, label)


def built_in_types() -> str:
    """The text of generated_types.py for the built-in providers."""
    return types_source(load(name) for name in BUILT_IN)
