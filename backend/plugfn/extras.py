"""Parts that need libraries which are installed on demand, imported by name when they are first used."""

from importlib import import_module
from typing import Any

from plugfn.errors import ConfigurationError


def part(path: str, extra: str) -> Any:
    """The object at "package.module:name". Raises ConfigurationError that says which extra to install."""
    module, _, name = path.partition(":")
    try:
        return getattr(import_module(module), name)
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "plugfn":
            raise
        raise ConfigurationError(f"this needs more libraries: pip install 'plugfn[{extra}]'") from error
