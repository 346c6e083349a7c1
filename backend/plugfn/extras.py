"""Parts that need libraries which are installed on demand: without them the error says which extra to install."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from plugfn.errors import ConfigurationError


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Around imports of libraries that come with an extra. Raises ConfigurationError that names it."""
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "plugfn":
            raise
        raise ConfigurationError(f"this needs more libraries: pip install 'plugfn[{extra}]'") from error


def part(path: str, extra: str) -> Any:
    """The object at "package.module:name", imported now. Raises ConfigurationError that says which extra to install."""
    module, _, name = path.partition(":")
    with needs(extra):
        return getattr(import_module(module), name)
