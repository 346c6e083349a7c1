"""`plugfn`: providers, connect, call, serve, and a few smaller commands."""

from plugfn.cli.app import main

__all__ = ["main"]
