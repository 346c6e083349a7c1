"""The command `plugfn`: connect accounts, run actions, serve the web routes, and more."""

from plugfn.errors import ConfigurationError
from plugfn.extras import part


def main() -> None:
    """The entry point of `plugfn`. If a library is missing, exits and says what to install."""
    try:
        start = part("plugfn.cli.app:main", "cli")
    except ConfigurationError as error:
        raise SystemExit(f"plugfn: {error}") from None
    start()


__all__ = ["main"]
