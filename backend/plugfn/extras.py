"""Optional parts, whose libraries come with extras. Without them an error says which extra to install."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from plugfn.errors import ConfigurationError


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Wraps imports of libraries that come with an extra. Raises ConfigurationError that names the extra."""
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "plugfn":
            raise
        raise ConfigurationError(
            f"this needs more libraries; run in Ponte's checkout: pip install './backend/plugfn[{extra}]'"
        ) from error


def part(path: str, extra: str) -> Any:
    """Import the object at "package.module:name". Raises ConfigurationError that says which extra to install."""
    module, _, name = path.partition(":")
    with needs(extra):
        return getattr(import_module(module), name)
