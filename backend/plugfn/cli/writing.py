"""Files that commands write."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
    """Writes a first plugfn.toml. Raises ConfigurationError, also if the file exists."""
    # The operator may write a secret into it.
    with (
        _writing(path),
        open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file,
    ):
        file.write(CONFIG)


def write_provider(name: str, folder: Path, label: str) -> list[Path]:
    """Writes a new provider's folder and returns its files. Raises ConfigurationError."""
    with _writing(folder):
        return make_provider(name, folder, label)


def built_in_types() -> str:
    """The text of generated_types.py for the built-in providers."""
    return types_source(load(name) for name in BUILT_IN)


def write_types(path: Path) -> None:
    """Writes generated_types.py to this path. Raises ConfigurationError."""
    with _writing(path):
        path.write_text(built_in_types(), encoding="utf-8")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turns a failure of the file system into a ConfigurationError that names the path and the reason."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror or type(error).__name__}") from None
