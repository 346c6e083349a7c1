"""`plugfn`: providers, connect, call, serve, and a few smaller commands."""

from plugfn.errors import ConfigurationError
from plugfn.extras import part


def main() -> None:
    """The entry point of `plugfn`. Ends with what to install when its libraries are not there."""
    try:
        start = part("plugfn.cli.app:main", "cli")
    except ConfigurationError as error:
        raise SystemExit(f"plugfn: {error}") from None
    start()


__all__ = ["main"]
